import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder that is there while `use` runs. */
export async function withTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  try {
    return await use(folder)
  } finally {
    // In one go: a job of this process that still runs must not write in between.
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
