/** For tests: what a reader of an output folder sees. It shares no code with the sink. */
import type { Files } from '../../../core/ports/index.ts'

/** The rows of all `part-*.jsonl`, file by file, of folders below too. */
export async function visibleRows(files: Files, folder: string): Promise<unknown[]> {
  const rows: unknown[] = []
  for (const name of await files.list(folder)) {
    if ((await files.stat(`${folder}/${name}`)).kind === 'folder') {
      rows.push(...(await visibleRows(files, `${folder}/${name}`)))
      continue
    }
    if (!name.startsWith('part-') || !name.endsWith('.jsonl')) continue
    const lines = Buffer.from(await files.readAll(`${folder}/${name}`))
      .toString('utf8')
      .split('\n')
    if (lines.pop() !== '') throw new Error(`${name} ends within a line`)
    rows.push(...lines.map((line): unknown => JSON.parse(line)))
  }
  return rows
}
