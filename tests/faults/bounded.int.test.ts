/** L3, T1: memory is bounded whatever the reader's speed; large results and large records pass in order, once. */
import { setTimeout as sleep } from 'node:timers/promises'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { limits } from '../../core/limits.ts'
import {
  collect,
  fileStore,
  flow,
  fromArray,
  fromGenerator,
  run,
  toFunction,
  type Flow,
} from '../../index.ts'
import { temporaryFolder } from '../../scenarios/harness/temporary-folder.ts'
import { largeFlow } from './fixtures/large.ts'
import { runRecorded } from './recorded-links.ts'

const batchBytes = limits.batchRecordsMax * limits.recordBytesNominal
const windowBytes = 4 * batchBytes
/** A barrier takes what is buffered before it along, room or not: less than one batch. */
const memoryBytesMax = windowBytes + batchBytes
const frameBytesMax = limits.frameBytesMax

interface Padded {
  readonly id: number
  readonly text: string
}

describe('a sink that sleeps 50 ms a batch behind a fast source', () => {
  const count = 60_000
  /** 60 MB: many times what all links may hold. */
  const source = fromGenerator<Padded>({ count, at: (id) => ({ id, text: `${id}`.padEnd(1_000, '.') }) })

  function slowFlow() {
    const seen: number[][] = [[], []]
    let calls = 0
    const built = flow('slow')
    const read = built.source('read', source, { parallelism: 1 })
    for (const half of [0, 1] as const) {
      // Every record goes to both sinks, of which one runs beside the source and one not.
      read
        .filter(`half-${half}`, ({ id }) => id % 2 === half, { parallelism: 1 })
        .rebalance()
        .sink(
          `out-${half}`,
          toFunction(
            async (records) => {
              calls += 1
              await sleep(50)
              for (const { id } of records) seen[half]?.push(id)
            },
            { batchMax: 500 },
          ),
          { parallelism: 2 },
        )
    }
    return { built, seen, calls: () => calls }
  }

  const halves = (half: number): number[] => Array.from({ length: count / 2 }, (_, i) => 2 * i + half)

  it.each([1, 2] as const)(
    '%i worker(s): every queue stays within its grant, checkpoints complete, every record arrives once',
    async (workers) => {
      const { built, seen, calls } = slowFlow()
      const { result, checkpoints, local, remote } = await runRecorded(built, workers, {
        parallelism: 2,
        fuse: false,
        checkpoints: { everyMs: 50 },
      })
      expect(result).toMatchObject({ records: count, restarts: 0 })
      expect(calls()).toBeGreaterThanOrEqual(120)
      for (const half of [0, 1]) expect([...(seen[half] ?? [])].sort((a, b) => a - b)).toEqual(halves(half))
      // Full, and not fuller: the reader's speed decided.
      expect(local.queuedBytesMax).toBeLessThan(memoryBytesMax)
      expect(checkpoints.length).toBeGreaterThanOrEqual(2)
      if (workers === 1) {
        expect(remote.links).toBe(0)
        expect(local.queuedBytesMax).toBeGreaterThan(windowBytes / 2)
        return
      }
      expect(remote.links).toBeGreaterThanOrEqual(2)
      expect(remote.receivedBytesMax).toBeLessThanOrEqual(limits.linkGrantBytesMax)
      // What is not granted yet is one call's frames.
      expect(remote.sentBytesMax).toBeLessThanOrEqual(
        limits.linkGrantBytesMax + 2 * limits.frameBytesTarget + frameBytesMax,
      )
      expect(remote.receivedBytesMax).toBeGreaterThan(limits.linkReserveBytes / 2)
    },
  )
})

describe('a flatMap of 100,000 outputs through blocked outputs', () => {
  it.each([1, 2] as const)('%i worker(s): in order, once, within the grants', async (workers) => {
    const seen: number[] = []
    const built = flow('grow')
    built
      .source('seeds', fromArray([0, 1]), { parallelism: 1 })
      .flatMap(
        'grow',
        function* (seed) {
          for (let i = 0; i < 100_000; i += 1) yield seed * 100_000 + i
        },
        { parallelism: 1 },
      )
      .broadcast()
      .sink(
        'out',
        toFunction(
          async (records: readonly number[]) => {
            await sleep(1)
            seen.push(...records)
          },
          { batchMax: 2_000 },
        ),
        { parallelism: workers },
      )
    const { result, local, remote } = await runRecorded(built, workers, {
      parallelism: workers,
      fuse: false,
      checkpoints: { everyMs: 20 },
    })
    expect(result).toMatchObject({ records: 2, restarts: 0 })
    const once = Array.from({ length: 200_000 }, (_, i) => i)
    // Two sinks saw everything, each in order: what is equal to its predecessor or follows it.
    expect([...seen].sort((a, b) => a - b)).toEqual(workers === 1 ? once : once.flatMap((id) => [id, id]))
    if (workers === 1) expect(seen).toEqual(once)
    expect(local.queuedBytesMax).toBeLessThan(memoryBytesMax)
    expect(remote.receivedBytesMax).toBeLessThanOrEqual(limits.linkGrantBytesMax)
  })
})

describe('records near the largest frame', () => {
  const sizes = [limits.frameBytesMax - 200, 10, limits.frameBytesMax - 300, limits.frameBytesMax - 150]

  it('in memory any size passes, in order, once', async () => {
    const out = collect<{ readonly id: number; readonly length: number }>()
    const built = flow('large')
    built
      .source('sizes', fromArray([...sizes, 2 * limits.frameBytesMax]))
      .map('grow', (length) => ({ text: 'x'.repeat(length) }))
      .rebalance()
      .map('arrive', ({ text: { length } }, id = 0) => ({ id, length }), { parallelism: 1 })
      .sink('out', out)
    const job = await run(built, { fuse: false })
    await job.finished
    expect(out.values.map(({ length }) => length)).toEqual([...sizes, 2 * limits.frameBytesMax])
  })

  it('between two workers over NATS: within the grants but for one batch, in order, once', async () => {
    const built = flow('large')
    const seen: number[] = []
    built
      .source('ids', fromGenerator({ count: 300, at: (id) => id }), { parallelism: 1 })
      .map('grow', (id) => ({ id, text: 'x'.repeat(id % 3 === 2 ? 10 : frameBytesMax - 200) }), {
        parallelism: 1,
      })
      .rebalance()
      .sink(
        'out',
        toFunction((records) => void seen.push(...records.map(({ id }) => id))),
        { parallelism: 2 },
      )
    const { result, remote } = await runRecorded(built, 2, { parallelism: 2, fuse: false })
    expect(result).toMatchObject({ records: 300, restarts: 0 })
    expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, id) => id))
    expect(seen.filter((id) => id % 2 === 0)).toEqual(Array.from({ length: 150 }, (_, i) => 2 * i))
    expect(seen.filter((id) => id % 2 === 1)).toEqual(Array.from({ length: 150 }, (_, i) => 2 * i + 1))
    expect(remote.receivedBytesMax).toBeLessThanOrEqual(limits.linkGrantBytesMax)
    // The first batch is filled before anyone knows how large its records are.
    expect(remote.sentBytesMax).toBeLessThanOrEqual(limits.linkGrantBytesMax + 16 * frameBytesMax)
  })
})

describe('over two worker processes', () => {
  async function runLarge(records: number, bytes: number) {
    const folder = await temporaryFolder('large')
    onTestFinished(() => folder.remove())
    const out = join(folder.path, 'out')
    Object.assign(process.env, { OUT: out, RECORDS: `${records}`, BYTES: `${bytes}` })
    const job = await run(largeFlow({ out, records, bytes }) as unknown as Flow, {
      workers: 2,
      entry: new URL('./fixtures/large.ts', import.meta.url),
      checkpoints: { everyMs: 100, store: fileStore(join(folder.path, 'store')) },
    })
    const ended = await job.finished.then(
      (result) => ({ result, error: undefined }),
      (error: unknown) => ({ result: undefined, error }),
    )
    const names = (await readdir(out)).filter((name) => name.startsWith('part-'))
    const rows: { id: number; length: number }[][] = []
    const order = (name: string): number => Number(/-(\d+)\.jsonl$/.exec(name)?.[1])
    for (const name of names.sort((a, b) => order(a) - order(b))) {
      const task = Number(/^part-(\d+)-/.exec(name)?.[1])
      const lines = (await readFile(join(out, name), 'utf8')).split('\n').slice(0, -1)
      ;(rows[task] ??= []).push(...lines.map((line) => JSON.parse(line) as { id: number; length: number }))
    }
    return { ...ended, rows }
  }

  it('100,000 results of one record: in order, once', async () => {
    const { result, rows } = await runLarge(100_000, 0)
    expect(result).toMatchObject({ records: 2, restarts: 0 })
    for (const task of [0, 1]) {
      expect(rows[task]?.map(({ id }) => id)).toEqual(Array.from({ length: 100_000 }, (_, i) => 2 * i + task))
    }
  })

  it('records just below the largest frame: in order, once', async () => {
    const bytes = frameBytesMax - 200
    const { result, rows } = await runLarge(60, bytes)
    expect(result).toMatchObject({ records: 2, restarts: 0 })
    for (const task of [0, 1]) {
      expect(rows[task]).toEqual(Array.from({ length: 60 }, (_, i) => ({ id: 2 * i + task, length: bytes })))
    }
  })

  it('a record above it: RECORD_TOO_LARGE, naming the step that emitted it', async () => {
    const { error, rows } = await runLarge(3, frameBytesMax + 1)
    expect(error).toMatchObject({ code: 'RECORD_TOO_LARGE', retry: 'record', details: { step: 'grow' } })
    expect((error as Error).message).toMatch(/'grow' failed on a record it emitted: .* at most 1048576 bytes/)
    expect(rows.flat()).toEqual([])
  })
})
