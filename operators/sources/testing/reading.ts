/** For tests: files in memory, and readers read to their end. */
import { silentLog } from '../../../core/log.ts'
import type { Files } from '../../../core/ports/index.ts'
import { simulatedFiles, type SimulatedFiles } from '../../../core/simulated/files.ts'
import type { SourceDefinition, SplitReader } from '../../source.ts'

export interface Read {
  readonly record: unknown
  readonly position: unknown
}

export async function memoryFiles(contents: Readonly<Record<string, string>>): Promise<SimulatedFiles> {
  const files = simulatedFiles()
  for (const [path, content] of Object.entries(contents)) await putFile(files, path, Buffer.from(content))
  return files
}

export async function putFile(files: Files, path: string, content: Uint8Array): Promise<void> {
  const handle = await files.open(path, 'create')
  await handle.append(content)
  await handle.close()
}

/** Every record that is left, with the position after it; closes the reader. */
export async function readOn(reader: SplitReader<unknown>): Promise<Read[]> {
  const all: Read[] = []
  try {
    for (let chunk = await reader.read(); chunk; chunk = await reader.read()) {
      for (const [i, record] of chunk.records.entries())
        all.push({ record, position: chunk.positionAfter(i) })
    }
    return all
  } finally {
    await reader.close()
  }
}

/** One split of a source, from a position or its start. */
export async function readFrom(
  source: SourceDefinition<unknown>,
  files: Files,
  split = 0,
  position: unknown = null,
): Promise<Read[]> {
  const context = { step: 'in', files, log: silentLog }
  const id = (await source.splits(context))[split]
  if (id === undefined) throw new Error(`the source has no split number ${split}`)
  return readOn(await source.open(id, position, context))
}

/** All splits, one after the other. */
export async function readAll(source: SourceDefinition<unknown>, files: Files): Promise<unknown[]> {
  const splits = await source.splits({ step: 'in', files, log: silentLog })
  const all: unknown[] = []
  for (let k = 0; k < splits.length; k += 1)
    all.push(...(await readFrom(source, files, k)).map(({ record }) => record))
  return all
}
