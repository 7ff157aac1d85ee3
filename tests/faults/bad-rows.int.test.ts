/** Rows that cannot be read, in whole jobs: the job fails and says where, or exactly these rows are set aside. */
import { DuckDBInstance } from '@duckdb/node-api'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Files } from '../../core/ports/files.ts'
import { simulatedFiles, type SimulatedFiles } from '../../core/simulated/files.ts'
import {
  fileStore,
  flow,
  fromCsv,
  fromJsonl,
  fromParquet,
  toJsonl,
  type DeadLetter,
  type Flow,
  type SourceDefinition,
} from '../../index.ts'
import {
  CrashingFailpoints,
  deferred,
  eventsOf,
  interceptFiles,
  quickRestarts,
  runToEnd,
  sorted,
  visibleRows,
  type CrashPoint,
  type Ran,
} from './support.ts'

interface Entry {
  readonly id: number
}

const count = 3_000
/** Line numbers are one more. */
const badIndexes = [7, 1_500, 2_999]
const isBad = (index: number): boolean => badIndexes.includes(index)
const good = Array.from({ length: count }, (_, id) => ({ id })).filter(({ id }) => !isBad(id))

async function write(files: Files, path: string, content: string | Uint8Array): Promise<void> {
  const handle = await files.open(path, 'create')
  await handle.append(typeof content === 'string' ? Buffer.from(content) : content)
  await handle.close()
}

const lines = (of: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => `${of(index)}\n`).join('')

type Policy = 'fail' | 'dead-letter'

interface Format {
  readonly name: string
  readonly path: string
  readonly content: () => string | Uint8Array
  readonly source: (badRows: Policy) => SourceDefinition<Entry>
  readonly code: string
  /** Of the first bad row: where it is and what was expected. */
  readonly says: RegExp
  readonly raw: (index: number) => string | RegExp
}

const decode = (row: unknown): Entry => {
  const id = Number((row as { id: unknown }).id)
  if (!Number.isSafeInteger(id) || id < 0) throw new Error('id must be a whole number ≥ 0')
  return { id }
}

let parquet: Uint8Array

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-parquet-'))
  const path = join(folder, 'in.parquet')
  const instance = await DuckDBInstance.create()
  const connection = await instance.connect()
  const bad = badIndexes.join(', ')
  await connection.run(
    `COPY (SELECT CASE WHEN i IN (${bad}) THEN -1 - i ELSE i END AS id FROM range(${count}) t(i)) TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)`,
  )
  connection.closeSync()
  parquet = await readFile(path)
  await rm(folder, { recursive: true })
})

const formats: readonly Format[] = [
  {
    name: 'JSONL',
    path: '/in.jsonl',
    content: () => lines((i) => (isBad(i) ? `{"id": ${i}` : `{"id":${i}}`)),
    source: (badRows) => fromJsonl<Entry>('/in.jsonl', { badRows }),
    code: 'ROW_MALFORMED',
    says: /'\/in\.jsonl' line 8 .*expected one JSON value, found "\{\\"id\\": 7"/,
    raw: (i) => `{"id": ${i}`,
  },
  {
    name: 'JSONL whose rows decode refuses',
    path: '/in.jsonl',
    content: () => lines((i) => JSON.stringify({ id: isBad(i) ? 'x' : i })),
    source: (badRows) => fromJsonl('/in.jsonl', { badRows, decode }),
    code: 'ROW_DECODE',
    says: /'\/in\.jsonl' line 8 .*expected a row that decode accepts, found .*id must be a whole number/,
    raw: () => '{"id":"x"}',
  },
  {
    name: 'CSV',
    path: '/in.csv',
    content: () => `id,name\n${lines((i) => (isBad(i) ? `${i}` : `${i},n${i}`))}`,
    source: (badRows) => fromCsv('/in.csv', { badRows, decode }),
    code: 'ROW_COLUMNS',
    says: /'\/in\.csv' line 9 .*expected 2 fields, got 1, found "7"/,
    raw: (i) => String(i),
  },
  {
    name: 'Parquet',
    path: '/in.parquet',
    content: () => parquet,
    source: (badRows) => fromParquet('/in.parquet', { badRows, decode }),
    code: 'ROW_DECODE',
    says: /'\/in\.parquet' row group 0, row 7: expected a row that decode accepts, found .*-8.*whole number/,
    raw: (i) => new RegExp(String(-1 - i)),
  },
]

function entriesFlow(source: SourceDefinition<Entry>, deadLetters: boolean): Flow {
  const entries = flow('entries')
  const read = entries.source('read', source)
  read.map('pass', (entry) => entry).sink('out', toJsonl('/out'))
  if (deadLetters) read.deadLetters.sink('dead', toJsonl<DeadLetter>('/dead'))
  return entries
}

const runEntries = (disk: SimulatedFiles, built: Flow, point?: CrashPoint) =>
  runToEnd(built, {
    parallelism: 2,
    restart: quickRestarts,
    checkpoints: { everyMs: 1, store: fileStore('/store') },
    ports: { files: disk, failpoints: new CrashingFailpoints(point) },
  })

describe.each(formats)('bad rows of $name', ({ path, content, source, code, says, raw }) => {
  it('fail: the job fails at once, with file, place and what was expected; no row before it is lost', async () => {
    const disk = simulatedFiles()
    await write(disk, path, content())
    const ran = await runEntries(disk, entriesFlow(source('fail'), false))
    expect(ran.error).toMatchObject({ code, retry: 'record', details: { file: path } })
    expect(ran.error?.message).toMatch(says)
    expect(ran.error?.message).toContain("set badRows: 'dead-letter'")
    expect(ran.error?.message).not.toContain('after a restart')
    expect(eventsOf(ran, 'job.restarting')).toEqual([])
    expect(eventsOf(ran, 'job.failed')[0]).toMatchObject({ code })
    // The same flow that sets bad rows aside goes on from there.
    const mended = await runEntries(disk, entriesFlow(source('dead-letter'), true))
    expect(mended.error).toBeUndefined()
    expect(await visibleRows(disk)).toEqual(sorted(good))
    expect(await visibleRows(disk, '/dead')).toHaveLength(badIndexes.length)
  })

  it.each([
    undefined,
    { name: 'task.captured' },
    { name: 'task.uploaded', nth: 3 },
    { name: 'sink.mid-commit' },
  ] satisfies (CrashPoint | undefined)[])(
    'dead letters: exactly these rows are set aside (crash: %j)',
    async (point) => {
      const disk = simulatedFiles()
      await write(disk, path, content())
      const ran = await runEntries(disk, entriesFlow(source('dead-letter'), true), point)
      expect(ran.error).toBeUndefined()
      expect(await visibleRows(disk)).toEqual(sorted(good))
      const letters = (await visibleRows(disk, '/dead')).map((line) => JSON.parse(line) as DeadLetter)
      expect(letters).toHaveLength(badIndexes.length)
      for (const letter of letters)
        expect(letter).toMatchObject({ step: 'read', code, details: { file: path } })
      for (const index of badIndexes) {
        const wanted = raw(index)
        const found = letters.filter((letter) =>
          typeof wanted === 'string' ? letter.raw === wanted : wanted.test(letter.raw),
        )
        expect(found.length).toBeGreaterThanOrEqual(1)
      }
      expect(ran.result?.records).toBe(count)
    },
  )
})

describe('a file that is no Parquet, or changed', () => {
  it.each([
    { what: 'cut short', damage: (bytes: Buffer) => bytes.subarray(0, bytes.length - 20) },
    { what: 'with other bytes in a column', damage: (bytes: Buffer) => bytes.fill(0xff, 4, 400) },
    {
      what: 'with a footer made up',
      damage: (bytes: Buffer) => bytes.fill(0xff, bytes.length - 12, bytes.length - 4),
    },
    { what: 'empty', damage: () => Buffer.alloc(0) },
  ])('$what: the job fails with PARQUET_CORRUPT, naming the file', async ({ damage }) => {
    const disk = simulatedFiles()
    await write(disk, '/in.parquet', damage(Buffer.from(parquet)))
    const ran = await runEntries(
      disk,
      entriesFlow(fromParquet('/in.parquet', { decode: () => ({ id: 0 }) }), false),
    )
    expect(ran.error).toMatchObject({
      code: 'PARQUET_CORRUPT',
      retry: 'fatal',
      details: { file: '/in.parquet' },
    })
    expect(eventsOf(ran, 'job.restarting')).toEqual([])
  })

  it('S1: a file mended after a checkpoint is another file: refused', async () => {
    const disk = simulatedFiles()
    const text = (row: string): string => lines((i) => (i === 2_500 ? row : `{"id":${i}}`.padEnd(250)))
    await write(disk, '/in.jsonl', text('oops'))
    const checkpointed = deferred()
    let reads = 0
    // The head, then the first block; the bad row is in the last one.
    const held = interceptFiles(disk, async (operation, path) => {
      if (operation === 'read' && path === '/in.jsonl' && (reads += 1) > 2) await checkpointed.promise
    })
    const live = (files: Files): Promise<Ran> =>
      runToEnd(
        entriesFlow(fromJsonl<Entry>('/in.jsonl'), false),
        { checkpoints: { everyMs: 1, store: fileStore('/store') }, ports: { files } },
        (event) => {
          if (event.event === 'checkpoint.completed') checkpointed.resolve()
        },
      )
    expect((await live(held)).error?.code).toBe('ROW_MALFORMED')
    await disk.unlink('/in.jsonl')
    await write(disk, '/in.jsonl', text('{"id":2500}'))
    const refused = await live(disk)
    expect(refused.error).toMatchObject({ code: 'SOURCE_CHANGED', retry: 'fatal' })
    expect(refused.error?.message).toContain("'/in.jsonl' is not the file that the checkpoint was reading")
  })

  it('a file that is not there: refused, naming it', async () => {
    const ran = await runEntries(simulatedFiles(), entriesFlow(fromJsonl<Entry>('/nowhere.jsonl'), false))
    expect(ran.error).toMatchObject({ code: 'SOURCE_UNREADABLE', retry: 'fatal' })
    expect(ran.error?.message).toContain("'/nowhere.jsonl'")
  })
})
