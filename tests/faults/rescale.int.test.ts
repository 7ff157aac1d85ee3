/** The output does not depend on parallelism, fusion, interval, or where a job was stopped and continued. */
import { describe, expect, it } from 'vitest'
import { simulatedFiles, type SimulatedFiles } from '../../core/simulated/files.ts'
import {
  cell,
  collect,
  fileStore,
  flow,
  fromGenerator,
  listCell,
  mapCell,
  operator,
  run,
  type Flow,
  type JobResult,
  type ProcessOperator,
  type RunOptions,
} from '../../index.ts'
import {
  CrashingFailpoints,
  deferred,
  eventsOf,
  ledgerFlow,
  ledgerRows,
  Pace,
  pacing,
  quickRestarts,
  runToEnd,
  visibleRows,
  type CrashPoint,
  type LedgerOptions,
} from './support.ts'

const shape: LedgerOptions = { stages: 16, splits: 5, perStage: 15, keysPerSplit: 9, padChars: 400 }
const expected = ledgerRows(shape)

interface Life {
  readonly parallelism: number
  readonly fuse?: boolean
  readonly everyMs?: number | null
  readonly point?: CrashPoint
  /** Stops with a savepoint once so many checkpoints are complete; without it the job runs to its end. */
  readonly stopAfter?: number
  readonly restore?: NonNullable<RunOptions['checkpoints']>['restore']
}

/** The source reads one stage further with every completed checkpoint of any life. */
async function live(disk: SimulatedFiles, pace: Pace, life: Life) {
  const { parallelism, fuse = true, everyMs = 2, stopAfter, point, restore } = life
  let completed = 0
  let stopped: Promise<JobResult> | undefined
  if (stopAfter === undefined) pace.open()
  const ran = await runToEnd(
    ledgerFlow({ ...shape, pace }),
    {
      parallelism,
      fuse,
      restart: quickRestarts,
      checkpoints: { everyMs, store: fileStore('/store'), ...(restore && { restore }) },
      ports: { files: disk, failpoints: new CrashingFailpoints(point) },
    },
    (event, job) => {
      pacing(pace)(event)
      if (event.event !== 'checkpoint.completed') return
      completed += 1
      if (completed === stopAfter) stopped = job.stop({ savepoint: true })
    },
  )
  if (ran.error) throw ran.error
  await stopped
  return ran
}

describe('rescale: stopped with a savepoint, continued with another parallelism', () => {
  it.each([
    { from: 1, then: 3, last: 2 },
    { from: 3, then: 1, last: 5 },
    { from: 2, then: 4, last: 1 },
  ])('$from, then $then, then $last: exact', async ({ from, then, last }) => {
    const disk = simulatedFiles()
    const pace = new Pace()
    const first = await live(disk, pace, { parallelism: from, stopAfter: 2 })
    expect(first.result).toMatchObject({ ended: false, restarts: 0 })
    expect(eventsOf(first, 'job.stopped')).toMatchObject([{ savepoint: true }])
    const after = await visibleRows(disk)
    expect(after.length).toBeGreaterThan(0)
    expect(after.length).toBeLessThan(expected.length)
    const second = await live(disk, pace, { parallelism: then, stopAfter: 2 })
    expect(eventsOf(second, 'job.restored')[0]?.checkpoint).toBe(
      eventsOf(first, 'job.stopped')[0]?.checkpoint,
    )
    expect(second.result?.ended).toBe(false)
    const third = await live(disk, pace, { parallelism: last })
    expect(third.result).toMatchObject({ ended: true, records: 5 * 240 })
    expect(await visibleRows(disk)).toEqual(expected)
  })

  it('also with a crash in each life, and other fusion', async () => {
    const disk = simulatedFiles()
    const pace = new Pace()
    const captured = (nth: number): CrashPoint => ({ name: 'task.captured', nth })
    await live(disk, pace, { parallelism: 3, stopAfter: 2, point: captured(4) })
    await live(disk, pace, { parallelism: 1, fuse: false, stopAfter: 2, point: { name: 'sink.mid-commit' } })
    const last = await live(disk, pace, { parallelism: 2, point: captured(1) })
    expect(last.result?.restarts).toBe(1)
    expect(await visibleRows(disk)).toEqual(expected)
  })

  it('C9: a savepoint outlives the newer checkpoints', async () => {
    const disk = simulatedFiles()
    const pace = new Pace()
    const first = await live(disk, pace, { parallelism: 2, stopAfter: 1 })
    const savepoint = eventsOf(first, 'job.stopped')[0]?.checkpoint ?? 0
    for (let life = 0; life < 3; life += 1) await live(disk, pace, { parallelism: 2, stopAfter: 3 })
    await live(disk, pace, { parallelism: 2 })
    expect(await visibleRows(disk)).toEqual(expected)
    // C7: continued from it, everything after it would come again.
    const refused = live(disk, pace, { parallelism: 2, restore: { checkpoint: savepoint } })
    await expect(refused).rejects.toMatchObject({ code: 'SINK_AHEAD', details: { chosen: savepoint } })
  })
})

describe('metamorphic: fusion, parallelism and interval vary, the output does not', () => {
  const variants = [true, false].flatMap((fuse) =>
    [1, 2, 3, 7].flatMap((parallelism) =>
      [1, 20, null].map((everyMs): Life => ({ fuse, parallelism, everyMs })),
    ),
  )
  it.each(variants)('fuse $fuse, parallelism $parallelism, every $everyMs ms', async (life) => {
    const disk = simulatedFiles()
    await live(disk, new Pace(), life)
    expect(await visibleRows(disk)).toEqual(expected)
  })
})

interface Visit {
  readonly user: string
  readonly page: string
}

const visits: readonly Visit[] = Array.from({ length: 90 }, (_, i) => ({
  user: `u${i % 7}`,
  page: `p${i % 4}`,
}))

type Summary = { readonly user: string; readonly visits: number; readonly pages: readonly string[] }

const half = 45

interface VisitsOptions {
  readonly version: 1 | 2 | '2 without migrate'
  readonly out?: ReturnType<typeof collect<Summary>>
  /** Called when the first version took half of the visits; its source then waits for ever. */
  readonly halfTaken?: () => void
}

/** State of version 1 counts; version 2 also keeps the pages, and calls the count otherwise. */
function visitsFlow({ version, out = collect(), halfTaken = () => undefined }: VisitsOptions): Flow {
  const built = flow('visits')
  built
    .source(
      'visits',
      fromGenerator<Visit, number>({
        async *open(position) {
          for (let i = position ?? 0; i < visits.length; i += 1) {
            if (i === half && version === 1) await new Promise<never>(() => undefined)
            yield { value: visits[i] as Visit, position: i + 1 }
          }
        },
      }),
    )
    .keyBy('by-user', ({ user }) => user)
    .process('summary', version === 1 ? firstVersion(halfTaken) : secondVersion(version === 2))
    .sink('out', out)
  return built
}

function firstVersion(halfTaken: () => void): ProcessOperator<string, Visit, Summary> {
  let taken = 0
  return operator<string, Visit, Summary>()({
    state: { count: cell(() => 0), last: listCell<string>() },
    onRecord(ctx, { page }) {
      ctx.state.count.update((count) => count + 1)
      ctx.state.last.append(page)
      taken += 1
      if (taken === half) halfTaken()
    },
  })
}

const secondVersion = (migrates: boolean): ProcessOperator<string, Visit, Summary> =>
  operator<string, Visit, Summary>()({
    version: 2,
    state: { visits: cell(() => 0), pages: mapCell<string, number>() },
    ...(migrates && {
      migrate: ({ count, last }) => ({
        visits: count,
        pages: new Map((last as readonly string[]).map((page) => [page, 1])),
      }),
    }),
    onRecord(ctx, { page }) {
      ctx.state.visits.update((count) => count + 1)
      ctx.state.pages.set(page, 1)
    },
    onEnd(ctx) {
      const pages = [...ctx.state.pages.entries()].map(([page]) => page).sort()
      ctx.emit({ user: ctx.key, visits: ctx.state.visits.get(), pages })
    },
  })

describe('state versions', () => {
  const optionsOf = (disk: SimulatedFiles, parallelism = 1): RunOptions => ({
    parallelism,
    checkpoints: { everyMs: null, store: fileStore('/store') },
    ports: { files: disk },
  })

  /** Runs the first version until half of the visits are in its state, and stops with that in a savepoint. */
  async function firstLife(): Promise<SimulatedFiles> {
    const disk = simulatedFiles()
    const taken = deferred()
    const job = await run(visitsFlow({ version: 1, halfTaken: taken.resolve }), optionsOf(disk))
    await taken.promise
    expect(await job.stop({ savepoint: true })).toMatchObject({ ended: false, records: half })
    return disk
  }

  it.each([1, 3])('an older state is migrated, key by key, at parallelism %i', async (parallelism) => {
    const disk = await firstLife()
    const out = collect<Summary>()
    const ran = await runToEnd(visitsFlow({ version: 2, out }), optionsOf(disk, parallelism))
    if (ran.error) throw ran.error
    const summaries = [...new Set(visits.map(({ user }) => user))].map((user) => {
      const own = visits.filter((visit) => visit.user === user)
      return { user, visits: own.length, pages: [...new Set(own.map(({ page }) => page))].sort() }
    })
    expect([...out.values].sort((a, b) => (a.user < b.user ? -1 : 1))).toEqual(summaries)
  })

  it('without migrate it is refused, with what differs; nothing is lost by trying', async () => {
    const disk = await firstLife()
    const refused = await runToEnd(visitsFlow({ version: '2 without migrate' }), optionsOf(disk))
    expect(refused.error).toMatchObject({ code: 'STATE_INCOMPATIBLE', retry: 'fatal' })
    expect(refused.error?.message).toMatch(/'summary' has version 1, this code has 2; pass `migrate`/)
    const out = collect<Summary>()
    expect((await runToEnd(visitsFlow({ version: 2, out }), optionsOf(disk))).error).toBeUndefined()
    expect(out.values.map((row) => row.visits).reduce((sum, each) => sum + each, 0)).toBe(visits.length)
  })
})
