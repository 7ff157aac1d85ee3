import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLog } from '../../core/log.ts'
import { systemFiles } from '../../core/system/files.ts'
import { BadRecord } from '../source.ts'
import { fromParquet } from './parquet.ts'
import { readFrom } from './testing/reading.ts'

const flights = 'node_modules/vega-datasets/data/flights-3m.parquet'
const context = { step: 'in', files: systemFiles, log: silentLog }

describe('fromParquet', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-parquet-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('reads a row group of a file of 3,000,000 rows, in objects', async () => {
    const source = fromParquet(flights)
    expect((await source.splits(context)).length).toBe(11)
    const all = await readFrom(source, systemFiles, 0)
    expect(all.length).toBe(272_727)
    expect(all[0]?.record).toEqual({
      date: new Date('2001-01-01T00:01:00.000Z'),
      delay: 33n,
      distance: 2176n,
      origin: 'LAS',
      destination: 'PHL',
    })
  })

  it('G2: reading on from a position gives what follows it', async () => {
    const source = fromParquet(flights, { columns: ['origin', 'delay'] })
    const all = await readFrom(source, systemFiles, 10)
    expect(all.length).toBe(272_730)
    const rest = await readFrom(source, systemFiles, 10, all[200_000]?.position)
    expect(rest.length).toBe(all.length - 200_001)
    expect(rest.slice(0, 2000)).toEqual(all.slice(200_001, 202_001))
  })

  it('G3: rows before a bad one come first; bad ones can be set aside', async () => {
    const decode = ({ delay }: Readonly<Record<string, unknown>>): bigint => {
      if (delay === 33n) throw new Error('33 is bad')
      return delay as bigint
    }
    const strict = await fromParquet(flights, { columns: ['delay'], decode }).open(
      `${flights}:0`,
      null,
      context,
    )
    await expect(Promise.resolve().then(() => strict.read())).rejects.toMatchObject({
      code: 'ROW_DECODE',
      details: { group: 0, row: 0 },
    })
    await strict.close()
    const lenient = fromParquet(flights, { columns: ['delay'], decode, badRows: 'dead-letter' })
    expect(lenient.deadLetters).toBe(true)
    const all = await readFrom(lenient, systemFiles)
    expect(all[0]?.record).toBeInstanceOf(BadRecord)
    expect(all.length).toBe(272_727)
  })

  it('names an unknown column and those there are', async () => {
    await expect(fromParquet(flights, { columns: ['delays'] }).splits(context)).rejects.toThrow(
      /no column delays; it has date, delay, distance, origin, destination/,
    )
  })

  it('tells corrupt files, with the row group where it is known', async () => {
    const bytes = await readFile(flights)
    const corrupt = async (name: string, content: Uint8Array): Promise<unknown> => {
      const path = join(folder, name)
      await writeFile(path, content)
      return readFrom(fromParquet(path), systemFiles, 3).catch((error: unknown) => error)
    }
    const flipped = Uint8Array.from(bytes).fill(0xa5, 3_800_000, 3_900_000)
    expect(await corrupt('flipped.parquet', flipped)).toMatchObject({
      code: 'PARQUET_CORRUPT',
      retry: 'fatal',
      details: { group: 3 },
    })
    expect(await corrupt('cut.parquet', bytes.subarray(0, 1_000_000))).toMatchObject({
      code: 'PARQUET_CORRUPT',
    })
    expect(await corrupt('text.parquet', Buffer.from('no parquet at all'))).toMatchObject({
      code: 'PARQUET_CORRUPT',
    })
    expect(await corrupt('empty.parquet', Buffer.alloc(0))).toMatchObject({ code: 'PARQUET_CORRUPT' })
  })

  it('a position in another file is refused', async () => {
    const path = join(folder, 'copy.parquet')
    await writeFile(path, await readFile(flights))
    const [first] = await readFrom(fromParquet(flights, { columns: ['delay'] }), systemFiles)
    await expect(readFrom(fromParquet(path), systemFiles, 0, first?.position)).rejects.toMatchObject({
      code: 'SOURCE_CHANGED',
    })
  })
})
