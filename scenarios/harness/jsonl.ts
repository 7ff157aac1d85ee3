/** Committed output as a reader of the folder sees it: every `part-*.jsonl`, whole lines only. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Rows of all parts, in no particular order; none where there is no folder. Throws where a part is not whole lines of JSON. */
export async function readJsonlFolder<Row>(folder: string): Promise<Row[]> {
  const names = (await listFolder(folder)).filter((name) => /^part-.*\.jsonl$/.test(name)).sort()
  const rows: Row[] = []
  for (const name of names) {
    const path = join(folder, name)
    for (const row of parseLines<Row>(await readFile(path, 'utf8'), path)) rows.push(row)
  }
  return rows
}

async function listFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

function parseLines<Row>(text: string, path: string): Row[] {
  if (text === '') return []
  if (!text.endsWith('\n'))
    throw new Error(`${path}: the last line is cut off; committed output must be whole`)
  return text
    .slice(0, -1)
    .split('\n')
    .map((line, index) => {
      try {
        return JSON.parse(line) as Row
      } catch (cause) {
        throw new Error(`${path}:${index + 1}: expected JSON, found ${line.slice(0, 80)}`, { cause })
      }
    })
}
