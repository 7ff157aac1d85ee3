import { stat } from 'node:fs/promises'
import { systemFiles } from '../../core/system/files.ts'
import { fileStore, type CheckpointStore } from '../../index.ts'
import { absent, UsageError } from '../usage-error.ts'

/** Opens what `--checkpoints` named, for as long as `use` takes. Throws UsageError `FILE_MISSING`. */
export async function withStore<T>(folder: string, use: (store: CheckpointStore) => Promise<T>): Promise<T> {
  const found = await stat(folder).catch((cause: unknown) => {
    throw missing(folder, 'there is no folder', absent(cause) ? undefined : cause)
  })
  if (!found.isDirectory()) throw missing(folder, 'not a folder:')
  const store = await fileStore(folder).open(systemFiles)
  try {
    return await use(store)
  } finally {
    await store.close()
  }
}

const missing = (folder: string, what: string, cause?: unknown): UsageError =>
  new UsageError('FILE_MISSING', `${what} ${folder}; give what was given to run as --checkpoints`, cause)
