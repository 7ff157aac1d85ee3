import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readJsonlFolder } from './jsonl.ts'
import { temporaryFolder, type TemporaryFolder } from './temporary-folder.ts'

let folder: TemporaryFolder
beforeEach(async () => {
  folder = await temporaryFolder('test')
})
afterEach(() => folder.remove())

const write = (name: string, text: string): Promise<void> => writeFile(join(folder.path, name), text)

describe('readJsonlFolder', () => {
  it('reads every part and nothing else', async () => {
    await write('part-0-1.jsonl', '{"n":1}\n{"n":2}\n')
    await write('part-1-1.jsonl', '{"n":3}\n')
    await write('part-1-2.jsonl', '')
    await write('.part-0-2.jsonl', '{"n":9}\n')
    await write('_owner', 'x')
    expect(await readJsonlFolder(folder.path)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
  })

  it('refuses a cut line and what is not JSON, with the place', async () => {
    await write('part-0-1.jsonl', '{"n":1}\n{"n":')
    await expect(readJsonlFolder(folder.path)).rejects.toThrow('part-0-1.jsonl: the last line is cut off')
    await write('part-0-1.jsonl', '{"n":1}\nx\n')
    await expect(readJsonlFolder(folder.path)).rejects.toThrow('part-0-1.jsonl:2')
  })
})
