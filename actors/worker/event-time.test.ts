/** Event time through whole flows: tasks in every order, crashes and rescaling in between, against a naive model. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { noFailpoints } from '../../core/ports/failpoints.ts'
import { silentLog } from '../../core/log.ts'
import type { Files, Ports } from '../../core/ports/index.ts'
import { below } from '../../core/ports/random.ts'
import { seededRandom } from '../../core/simulated/random.ts'
import { virtualTime, type VirtualTime } from '../../core/simulated/time.ts'
import { flow, type Flow } from '../../operators/flow.ts'
import type { Chunk, SourceDefinition } from '../../operators/source.ts'
import { cell, mapCell } from '../../operators/state/schema.ts'
import { operator } from '../../operators/steps/process.ts'
import { toList } from '../../operators/aggregates/index.ts'
import { tumbling, type WindowResult } from '../../operators/windows/index.ts'
import { Captured, LocalJob, type Checkpoint } from './testing/local-job.ts'

interface Row {
  readonly key: string
  readonly atMs: number
}

interface Pane {
  readonly key: string
  readonly endMs: number
  readonly count: number
  readonly late: number
}

const sizeMs = 20

function portsOf(seed: number): { ports: Ports; time: VirtualTime } {
  const time = virtualTime(1_000_000)
  const ports: Ports = {
    clock: time,
    timers: time,
    random: seededRandom(seed),
    files: undefined as unknown as Files,
    failpoints: noFailpoints,
    log: silentLog,
  }
  return { ports, time }
}

/** Splits of rows, in chunks of 1 to 4; with a pace, a chunk of a split comes `everyMs` after the one before. */
function rowSource(
  splits: readonly (readonly Row[])[],
  pace?: { readonly time: VirtualTime; readonly everyMs: readonly number[] },
): SourceDefinition<Row> {
  return {
    kind: 'rows',
    replayable: true,
    deadLetters: false,
    splits: async () => splits.map((_, i) => String(i)),
    open: async (split, position) => {
      const rows = splits[Number(split)] ?? []
      const everyMs = pace?.everyMs[Number(split)] ?? 0
      let next = Number(position ?? 0)
      const read = (): Chunk<Row> | null => {
        if (next >= rows.length) return null
        const first = next
        next = Math.min(rows.length, first + 1 + (first % 4))
        return { records: rows.slice(first, next), positionAfter: (i) => first + i + 1 }
      }
      const later = async (): Promise<Chunk<Row> | null> =>
        new Promise((resolve) => {
          if (everyMs < Infinity) pace?.time.after(everyMs, () => resolve(read()))
        })
      return { read: everyMs > 0 ? later : read, close: async () => undefined }
    },
  }
}

/** Counts per key and `sizeMs`, emitted when the watermark has passed; what came behind it is counted as late. */
const panes = operator<string, Row, Pane>()({
  state: { counts: mapCell<number, number>(), late: cell(() => 0) },
  onRecord(ctx, { atMs }) {
    expect(ctx.timestampMs).toBe(atMs)
    const endMs = Math.floor(atMs / sizeMs) * sizeMs + sizeMs
    if (endMs - 1 <= ctx.watermarkMs) {
      ctx.state.late.update((late) => late + 1)
      ctx.emit({ key: ctx.key, endMs: NaN, count: 0, late: ctx.state.late.get() })
    } else {
      ctx.state.counts.set(endMs, (ctx.state.counts.get(endMs) ?? 0) + 1)
      ctx.timers.at(`${endMs}`, endMs - 1)
    }
  },
  onTimer(ctx, timer) {
    expect(ctx.timestampMs).toBe(timer.atMs)
    expect(ctx.watermarkMs).toBeGreaterThanOrEqual(timer.atMs)
    const endMs = timer.atMs + 1
    ctx.emit({ key: ctx.key, endMs, count: ctx.state.counts.get(endMs) ?? 0, late: 0 })
    ctx.state.counts.delete(endMs)
  },
})

function counting(
  source: SourceDefinition<Row>,
  first: Captured<Pane>,
  second: Captured<Pane>,
  idleMs?: number,
  latenessMaxMs = 15,
): Flow {
  const made = flow('f')
  const counted = made
    .source('rows', source)
    .eventTime('time', { atMs: (row) => row.atMs, latenessMaxMs, ...(idleMs !== undefined && { idleMs }) })
    .flatMap('once', (row) => [row])
    .keyBy('by-key', (row) => row.key)
    .process('panes', panes)
  counted.sink('first', first.sink())
  counted
    .map('row', ({ key, endMs }): Row => ({ key: `${key.length}`, atMs: endMs - 1 }))
    .keyBy('by-length', (row) => row.key)
    .process('panes-of-panes', panes)
    .sink('second', second.sink())
  return made
}

/** `key endMs count` of every pane. */
function modelOf(rows: readonly Row[]): string[] {
  const counts = new Map<string, number>()
  for (const { key, atMs } of rows) {
    const pane = `${key} ${Math.floor(atMs / sizeMs) * sizeMs + sizeMs}`
    counts.set(pane, (counts.get(pane) ?? 0) + 1)
  }
  return [...counts].map(([pane, count]) => `${pane} ${count}`).sort()
}

const describePanes = (found: readonly Pane[]): string[] =>
  found.map(({ key, endMs, count }) => `${key} ${endMs} ${count}`).sort()

/** Rows whose times come at most 15 ms behind the highest before them. */
const split = fc
  .array(
    fc.record({
      step: fc.integer({ min: 0, max: 9 }),
      back: fc.integer({ min: 0, max: 15 }),
      key: fc.constantFrom('a', 'b', 'cc', 'dd', 'e'),
    }),
    { maxLength: 40 },
  )
  .map((steps) => {
    let highest = -100
    return steps.map(({ step, back, key }): Row => {
      const atMs = highest + step - back
      highest = Math.max(highest, atMs)
      return { key, atMs }
    })
  })

describe('event time through a flow', () => {
  it('W1, T1, V1, C10: panes are exact, in every order of steps, over checkpoints, crashes and rescaling', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(split, { minLength: 1, maxLength: 5 }),
        fc.array(
          fc.record({ parallelism: fc.integer({ min: 1, max: 3 }), before: fc.nat(400), after: fc.nat(60) }),
          { maxLength: 3 },
        ),
        fc.nat(),
        fc.option(fc.integer({ min: 5, max: 50 }), { nil: undefined }),
        async (splits, crashes, seed, idleMs) => {
          const random = seededRandom(seed)
          const { ports, time } = portsOf(seed)
          const [first, second] = [new Captured<Pane>(), new Captured<Pane>()]
          const made = (): Flow => counting(rowSource(splits), first, second, idleMs)
          let restored: Checkpoint | undefined
          for (const [i, { parallelism, before, after }] of crashes.entries()) {
            const job = await LocalJob.open(made(), { parallelism, random, ports, time, restored })
            await job.run(before)
            restored = await job.checkpoint(i + 1)
            await job.run(after)
            await job.crash()
            first.restore(restored)
            second.restore(restored)
          }
          const job = await LocalJob.open(made(), {
            parallelism: 1 + below(random, 3),
            random,
            ports,
            time,
            restored,
          })
          await job.finish()
          await job.crash()
          const expected = modelOf(splits.flat())
          expect(describePanes(first.records)).toEqual(expected)
          const fired = expected.map((pane): Row => {
            const [key = '', endMs = ''] = pane.split(' ')
            return { key: `${key.length}`, atMs: Number(endMs) - 1 }
          })
          expect(describePanes(second.records)).toEqual(modelOf(fired))
          for (const captured of [first, second])
            expect(captured.records.filter(({ late }) => late > 0)).toEqual([])
        },
      ),
      { numRuns: 60 },
    )
  })

  it('panes of each key fire in the order of time', async () => {
    const { ports, time } = portsOf(1)
    const [first, second] = [new Captured<Pane>(), new Captured<Pane>()]
    const rows = Array.from({ length: 80 }, (_, i): Row => ({ key: `${i % 3}`, atMs: i * 7 }))
    const job = await LocalJob.open(counting(rowSource([rows]), first, second), {
      parallelism: 2,
      random: seededRandom(3),
      ports,
      time,
    })
    await job.finish()
    await job.crash()
    for (const key of ['0', '1', '2']) {
      const ends = first.records.filter((pane) => pane.key === key).map(({ endMs }) => endMs)
      expect(ends).toEqual([...ends].sort((a, b) => a - b))
    }
  })

  it('fire while the input goes on; a silent split holds them until it is idle, and comes back without loss', async () => {
    const ahead = Array.from({ length: 60 }, (_, i): Row => ({ key: 'a', atMs: i * 5 }))
    const late = [1_000, 1_003].map((atMs): Row => ({ key: 'b', atMs }))
    const open = async (silentMs: number, idleMs?: number) => {
      const { ports, time } = portsOf(1)
      const first = new Captured<Pane>()
      const source = rowSource([late, ahead], { time, everyMs: [silentMs, 10] })
      const job = await LocalJob.open(counting(source, first, new Captured(), idleMs), {
        parallelism: 1,
        random: seededRandom(3),
        ports,
        time,
      })
      return { job, first, time }
    }
    const held = await open(Infinity)
    await held.job.until(() => held.job.tasks.some((task) => task.recordsRead === 60))
    await held.job.run(100)
    expect(held.first.records).toEqual([])
    await held.job.crash()
    const { job, first, time } = await open(5_000, 20)
    await job.until(() => first.records.length > 5)
    expect(time.monotonicMs()).toBeLessThan(5_000)
    await job.finish()
    await job.crash()
    expect(describePanes(first.records)).toEqual(modelOf([...late, ...ahead]))
  })

  it('windows of splits that go idle and return: what is not late is in its windows, over crashes and rescaling', async () => {
    const crash = fc.record({
      parallelism: fc.integer({ min: 1, max: 3 }),
      before: fc.nat(300),
      after: fc.nat(60),
    })
    const paces = fc.array(fc.constantFrom(3, 6, 40, 120), { minLength: 4, maxLength: 4 })
    const ahead = Array.from({ length: 60 }, (_, i): Row => ({ key: 'a', atMs: i * 10 }))
    const behind = [0, 1, 2].map((atMs): Row => ({ key: 'b', atMs }))
    let lateOnes = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(split, { minLength: 2, maxLength: 4 }),
        paces,
        fc.array(crash, { maxLength: 2 }),
        fc.nat(),
        async (splits, everyMs, crashes, seed) => {
          const random = seededRandom(seed)
          const { ports, time } = portsOf(seed)
          const shown = new Captured<WindowResult<string, readonly Row[]>>()
          const late = new Captured<Row>()
          const made = (): Flow => {
            const built = flow('f')
            const panesOf = built
              .source('rows', rowSource(splits, { time, everyMs }))
              .eventTime('time', { atMs: (row) => row.atMs, latenessMaxMs: 15, idleMs: 10 })
              .keyBy('by-key', (row) => row.key)
              .window('window', tumbling({ sizeMs }))
              .aggregate('list', toList())
            panesOf.sink('shown', shown.sink())
            panesOf.late.sink('late', late.sink())
            return built
          }
          let restored: Checkpoint | undefined
          for (const [i, { parallelism, before, after }] of crashes.entries()) {
            const job = await LocalJob.open(made(), { parallelism, random, ports, time, restored })
            await job.run(before)
            restored = await job.checkpoint(i + 1)
            await job.run(after)
            await job.crash()
            shown.restore(restored)
            late.restore(restored)
          }
          const parallelism = 1 + below(random, 3)
          const job = await LocalJob.open(made(), { parallelism, random, ports, time, restored })
          await job.finish()
          await job.crash()
          lateOnes += late.records.length
          const left = [...late.records]
          const onTime = splits.flat().filter(({ key, atMs }) => {
            const index = left.findIndex((row) => row.key === key && row.atMs === atMs)
            if (index >= 0) left.splice(index, 1)
            return index < 0
          })
          expect(left).toEqual([])
          expect(
            shown.records.map(({ key, endMs, value }) => `${key} ${endMs} ${value.length}`).sort(),
          ).toEqual(modelOf(onTime))
        },
      ),
      // One split is idle while the other goes on, and returns with old records: some are late for certain.
      { numRuns: 60, examples: [[[ahead, behind], [3, 120, 3, 3], [], 1]] },
    )
    expect(lateOnes).toBeGreaterThan(0)
  })

  it('the clock sets off timers while nothing is read, once, also when they fell due during a restart', async () => {
    const { ports, time } = portsOf(1)
    const out = new Captured<string>()
    const reminders = operator<string, Row, string>()({
      state: { seen: cell(() => 0) },
      onRecord(ctx) {
        ctx.state.seen.update((seen) => seen + 1)
        ctx.timers.atClock('remind', ctx.nowMs() + 100)
      },
      onTimer(ctx, timer) {
        ctx.emit(`${ctx.key} ${timer.domain} ${ctx.state.seen.get()} ${ctx.nowMs() >= timer.atMs}`)
      },
    })
    const made = (): Flow => {
      const built = flow('f')
      built
        .source(
          'rows',
          rowSource(
            [
              [{ key: 'never', atMs: 0 }],
              [
                { key: 'a', atMs: 1 },
                { key: 'a', atMs: 2 },
              ],
            ],
            { time, everyMs: [Infinity] },
          ),
        )
        .keyBy('by-key', (row) => row.key)
        .process('reminders', reminders)
        .sink('out', out.sink())
      return built
    }
    const open = (restored?: Checkpoint): Promise<LocalJob> =>
      LocalJob.open(made(), { parallelism: 1, random: seededRandom(1), ports, time, restored })
    const first = await open()
    await first.until(() => first.tasks.some((task) => task.recordsRead === 2))
    const restored = await first.checkpoint(1)
    expect(out.records).toEqual([])
    await first.crash()
    out.restore(restored)
    time.after(500, () => undefined)
    while (time.monotonicMs() < 500) time.runNext()
    const second = await open(restored)
    await second.until(() => out.records.length > 0)
    await second.run(50)
    await second.crash()
    expect(out.records).toEqual(['a clock 2 true'])
  })
})
