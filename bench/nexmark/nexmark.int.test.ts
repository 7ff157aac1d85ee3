/** Every query against SQL, in one process; then one through the command, with workers that are killed. */
import { execFile } from 'node:child_process'
import { appendFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { memoryStore, run } from '../../index.ts'
import { resolveConfig } from './generator/config.ts'
import { nexmarkFlow, rowsIn } from './nexmark-flow.ts'
import { openDatabase, type NexmarkDatabase } from './oracle/database.ts'
import { expected, q12OnRealClock } from './oracle/expected.ts'
import { judge, type Judged } from './oracle/judge.ts'
import { generated } from './queries/input.ts'
import { runOnSimulatedClock } from './harness/simulated-clock.ts'
import { queryNames, type QueryName } from './queries/names.ts'

/** 60 seconds of events, a second out of order, with midnight in the middle. */
const config = resolveConfig({ seed: 11, events: 6_000, perSecond: 100, disorder: 100 })
let folder: string
let database: NexmarkDatabase

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-nexmark-test-'))
  database = await openDatabase({ config, file: join(folder, 'events.duckdb') })
})

afterAll(async () => {
  database.close()
  await rm(folder, { recursive: true, force: true })
})

async function runAndJudge(query: QueryName, parallelism: number): Promise<Judged> {
  const out = join(folder, `${query}-${parallelism}`)
  const flow = nexmarkFlow({
    query,
    config,
    source: generated(config, parallelism),
    sink: rowsIn(out, query),
  })
  const job = await run(flow, { parallelism, checkpoints: { everyMs: 50, store: memoryStore() } })
  await job.finished
  return judge(database.connection, query === 'q12' ? q12OnRealClock : expected[query], out)
}

describe('queries', () => {
  it.each(queryNames)('%s gives what SQL gives', async (query) => {
    for (const parallelism of [1, 3]) {
      const { differences, samples, rowsOut, rowsExpected } = await runAndJudge(query, parallelism)
      expect(samples).toEqual([])
      expect(differences).toBe(0)
      expect(rowsOut).toBe(rowsExpected)
      expect(rowsOut).toBeGreaterThan(0)
    }
  })
})

it('q12 counts by processing time, on a simulated clock', async () => {
  const rows = await runOnSimulatedClock('q12', config)
  const out = join(folder, 'q12-simulated')
  await mkdir(out)
  await writeFile(join(out, 'part-0-1.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  const judged = await judge(database.connection, expected.q12, out)
  expect(judged).toMatchObject({ differences: 0, rowsOut: rows.length })
  expect(rows.length).toBeGreaterThan(0)
})

it('q10 writes a folder for each day and minute', async () => {
  await runAndJudge('q10', 2)
  const out = join(folder, 'q10-2')
  expect((await readdir(out)).filter((name) => name.startsWith('dt='))).toEqual([
    'dt=2015-07-14',
    'dt=2015-07-15',
  ])
  expect(await readdir(join(out, 'dt=2015-07-15'))).toEqual(['hm=00:00'])
})

describe('judge', () => {
  it('notices a row too many and a row too few', async () => {
    expect(await runAndJudge('q2', 2)).toMatchObject({ differences: 0 })
    const out = join(folder, 'q2-2')
    const [part = ''] = (await readdir(out)).filter((name) => name.startsWith('part-'))
    await appendFile(join(out, part), '{"auction":1,"price":2}\n')
    const surplus = await judge(database.connection, expected.q2, out)
    expect(surplus.samples).toEqual([{ kind: 'surplus', times: 1, row: { auction: 1, price: 2 } }])
    await rm(join(out, part))
    const missing = await judge(database.connection, expected.q2, out)
    expect(missing.differences).toBeGreaterThan(0)
    expect(missing.samples.every(({ kind }) => kind === 'missing')).toBe(true)
  })

  it('refuses rows with other fields', async () => {
    await runAndJudge('q2', 4)
    await expect(judge(database.connection, expected.q22, join(folder, 'q2-4'))).rejects.toThrow(
      'expected rows of auction, bidder, channel',
    )
  })
})

interface Line {
  readonly event: string
}

describe('npm run nexmark', () => {
  const main = fileURLToPath(new URL('../../dist/bench/nexmark/main.js', import.meta.url))
  const nexmark = async (...args: readonly string[]): Promise<Line[]> => {
    const { stdout } = await promisify(execFile)(process.execPath, [main, ...args, '--json'])
    return stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line)
  }

  it('is right with workers that are killed', async () => {
    const args = ['--events', '30000', '--verify', '--queries', 'q17', '--workers', '2', '--kills', '1']
    const lines = await nexmark(...args)
    expect(lines.slice(1)).toMatchObject([
      { event: 'nexmark.query', query: 'q17', kills: 1, judged: { differences: 0 }, passed: true },
      { event: 'nexmark.finished', passed: true },
    ])
  })

  it('says what it does not understand', async () => {
    await expect(nexmark('--queries', 'q99')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining("expected names of q0 to q22, got 'q99'") as string,
    })
    await expect(nexmark('--kills', '1')).rejects.toMatchObject({ code: 2 })
  })
})
