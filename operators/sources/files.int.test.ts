import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemFiles } from '../../core/system/files.ts'
import { fromCsv } from './csv.ts'
import { fromJsonl } from './jsonl.ts'
import { fromLines } from './lines.ts'
import { readAll, readFrom } from './testing/reading.ts'

const flights = 'node_modules/vega-datasets/data'

describe('real files', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-sources-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('reads many files in pieces, each row once', async () => {
    const paths = [join(folder, 'a.jsonl'), join(folder, 'b.jsonl')]
    const rows = Array.from({ length: 30_000 }, (_, n) => ({ n, text: 'é'.repeat(n % 20) }))
    for (const [half, path] of paths.entries()) {
      await writeFile(
        path,
        rows
          .filter(({ n }) => n % 2 === half)
          .map((row) => JSON.stringify(row))
          .join('\r\n'),
      )
    }
    const all = (await readAll(fromJsonl<{ n: number }>(paths, { splitBytes: 100_000 }), systemFiles)) as {
      n: number
    }[]
    expect(all.sort((a, b) => a.n - b.n)).toEqual(rows)
  })

  it('reads a CSV file of 3,376 rows, and reads on after any', async () => {
    const source = fromCsv(join(flights, 'airports.csv'))
    const all = await readFrom(source, systemFiles)
    expect(all.length).toBe(3376)
    expect(all[0]?.record).toMatchObject({ iata: '00M', name: 'Thigpen' })
    expect(await readFrom(source, systemFiles, 0, all[2000]?.position)).toEqual(all.slice(2001))
  })

  it('tells a file that was written again', async () => {
    const path = join(folder, 'changing.txt')
    await writeFile(path, 'a\nb\n')
    const [first] = await readFrom(fromLines(path), systemFiles)
    await writeFile(path, 'a\nb\nc\n')
    await expect(readFrom(fromLines(path), systemFiles, 0, first?.position)).rejects.toMatchObject({
      code: 'SOURCE_CHANGED',
    })
  })

  it('says what is missing, and what is no folder', async () => {
    await writeFile(join(folder, 'file'), '')
    await expect(readAll(fromLines(join(folder, 'none.txt')), systemFiles)).rejects.toMatchObject({
      code: 'SOURCE_UNREADABLE',
      retry: 'fatal',
      details: { system: 'ENOENT' },
    })
    await expect(readAll(fromLines(join(folder, 'file/in.txt')), systemFiles)).rejects.toMatchObject({
      code: 'SOURCE_UNREADABLE',
      details: { system: 'ENOTDIR' },
    })
  })
})
