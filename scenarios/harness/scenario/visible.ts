/** What a reader of an output folder sees: committed files, and nothing that begins with a dot. */
import type { Files } from '../../../core/ports/files.ts'

/** In the order in which each task wrote them. */
export async function visibleFiles(files: Files, folder: string): Promise<readonly string[]> {
  try {
    const names = (await files.list(folder)).filter((name) => /^part-.*\.jsonl$/.test(name))
    return names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Throws for a file that is not whole lines of JSON. */
export async function visibleRows(files: Files, folder: string): Promise<readonly unknown[]> {
  const rows: unknown[] = []
  for (const name of await visibleFiles(files, folder)) {
    const text = new TextDecoder().decode(await files.readAll(`${folder}/${name}`))
    if (text !== '' && !text.endsWith('\n')) throw new Error(`${folder}/${name}: the last line is cut off`)
    for (const line of text.split('\n').slice(0, -1)) rows.push(JSON.parse(line))
  }
  return rows
}
