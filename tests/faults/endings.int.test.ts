/** C10: sources that end early, beside others that go on; and checkpoints that are given up with output staged (K1). */
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Files } from '../../core/ports/files.ts'
import { simulatedFiles, systemError } from '../../core/simulated/files.ts'
import { fileStore, flow, fromArray, fromGenerator, toFunction, toJsonl, type Flow } from '../../index.ts'
import {
  CrashingFailpoints,
  deferred,
  eventsOf,
  interceptFiles,
  itemOf,
  ledgerFlow,
  ledgerOperator,
  ledgerRows,
  Pace,
  pacing,
  quickRestarts,
  runToEnd,
  sorted,
  visibleRows,
  type CrashPoint,
  type Item,
  type Row,
} from './support.ts'

const short: readonly Item[] = Array.from({ length: 30 }, (_, i) => itemOf(7, i))
const longCount = 120

const longSource = (pace: Pace) =>
  fromGenerator<Item, number>({
    async *open(position) {
      for (let i = position ?? 0; i < longCount; i += 1) {
        if (i % 40 === 0) await pace.until(1 + i / 40)
        yield { value: itemOf(3, i), position: i + 1 }
      }
    },
  })

/** The rows of one split's items, numbered and summed up by a plain loop. */
function rowsOf(items: readonly Item[]): Row[] {
  const rows: Row[] = []
  const totals = new Map<string, { count: number; sum: number }>()
  for (const { id, key } of items) {
    const { count, sum } = totals.get(key) ?? { count: 0, sum: 0 }
    totals.set(key, { count: count + 1, sum: sum + id })
    rows.push({ kind: 'seen', id, key, n: count + 1 })
  }
  return [...rows, ...[...totals].map(([key, total]) => ({ kind: 'total', key, ...total }) as const)]
}

const longItems = Array.from({ length: longCount }, (_, i) => itemOf(3, i))

interface Ending {
  readonly build: (pace: Pace) => Flow
  readonly point?: CrashPoint
  readonly files?: Files
  readonly parallelism?: number
}

async function runEnding({ build, point, parallelism = 2 }: Ending) {
  const disk = simulatedFiles()
  const pace = new Pace()
  const failpoints = new CrashingFailpoints(point)
  const ran = await runToEnd(
    build(pace),
    {
      parallelism,
      restart: quickRestarts,
      checkpoints: { everyMs: 2, store: fileStore('/store') },
      ports: { files: disk, failpoints },
    },
    pacing(pace),
  )
  if (ran.error) throw ran.error
  return { disk, ran, failpoints }
}

/** Late enough that the short source's end is part of the checkpoint that is restored. */
const crashes: readonly (CrashPoint | undefined)[] = [
  undefined,
  { name: 'source.before-barrier', where: ({ checkpoint = 0 }) => checkpoint === 1 },
  { name: 'task.captured', where: ({ checkpoint = 0 }) => checkpoint === 1 },
  { name: 'task.captured', where: ({ checkpoint = 0 }) => checkpoint === 2 },
  { name: 'coordinator.manifest-written', where: ({ checkpoint = 0 }) => checkpoint === 1 },
  { name: 'coordinator.manifest-written', where: ({ checkpoint = 0 }) => checkpoint === 2 },
  { name: 'sink.before-commit', nth: 3 },
  { name: 'coordinator.before-finished' },
]
const titled = crashes.map((point) => ({
  title: point ? `a crash at ${point.name}` : 'no crash',
  point,
}))

describe('C10: a source that ended before the first checkpoint', () => {
  it.each(titled)('in a union with one that goes on, $title: exact', async ({ point }) => {
    const { disk, ran } = await runEnding({
      ...(point && { point }),
      build(pace) {
        const built = flow('union')
        const ended = built.source('short', fromArray(short))
        built
          .source('long', longSource(pace))
          .union('all', ended)
          .keyBy('by-key', ({ key }) => key)
          .process('ledger', ledgerOperator())
          .sink('out', toJsonl('/out'))
        return built
      },
    })
    expect(await visibleRows(disk)).toEqual(sorted([...rowsOf(short), ...rowsOf(longItems)]))
    expect(ran.result?.restarts).toBe(point ? 1 : 0)
  })

  it.each(titled)('in a branch of its own, whose onEnd ran, $title: exact', async ({ point }) => {
    const { disk } = await runEnding({
      ...(point && { point }),
      build(pace) {
        const built = flow('branches')
        built
          .source('short', fromArray(short))
          .keyBy('by-key-1', ({ key }) => key)
          .process('ledger-1', ledgerOperator())
          .sink('out-1', toJsonl('/out-1'))
        built
          .source('long', longSource(pace))
          .keyBy('by-key-2', ({ key }) => key)
          .process('ledger-2', ledgerOperator())
          .sink('out-2', toJsonl('/out-2'))
        return built
      },
    })
    expect(await visibleRows(disk, '/out-1')).toEqual(sorted(rowsOf(short)))
    expect(await visibleRows(disk, '/out-2')).toEqual(sorted(rowsOf(longItems)))
  })

  it('that never had a record: the job finishes, with nothing to show', async () => {
    const { disk, ran } = await runEnding({
      parallelism: 3,
      build() {
        const built = flow('empty')
        built
          .source('none', fromArray<Item>([]))
          .keyBy('by-key', ({ key }) => key)
          .process('ledger', ledgerOperator())
          .sink('out', toJsonl('/out'))
        return built
      },
    })
    expect(ran.result).toMatchObject({ records: 0, ended: true })
    expect(await visibleRows(disk)).toEqual([])
  })
})

/** State large enough to be a part of its own, so that a checkpoint writes more than its slot. */
const padChars = 3_000

async function runLedger(
  faulty: (disk: Files) => Files,
  options: { readonly timeoutMs?: number; readonly point?: CrashPoint; readonly failed?: () => void } = {},
) {
  const disk = simulatedFiles()
  const pace = new Pace()
  const { timeoutMs = 60_000, point, failed } = options
  const ran = await runToEnd(
    ledgerFlow({ pace, padChars }),
    {
      parallelism: 2,
      restart: quickRestarts,
      checkpoints: { everyMs: 2, timeoutMs, store: fileStore('/store') },
      ports: { files: faulty(disk), failpoints: new CrashingFailpoints(point) },
    },
    (event) => {
      pacing(pace)(event)
      if (event.event === 'checkpoint.failed') failed?.()
    },
  )
  if (ran.error) throw ran.error
  expect(await visibleRows(disk)).toEqual(ledgerRows())
  return ran
}

/** Throws on the operations with these ordinals among those that match. */
function failing(
  matches: (operation: string, path: string) => boolean,
  ordinals: readonly number[],
  code: string,
): (disk: Files) => Files {
  let seen = 0
  return (disk) =>
    interceptFiles(disk, (operation, path) => {
      if (!matches(operation, path)) return
      seen += 1
      if (ordinals.includes(seen)) throw systemError(code, operation, path)
    })
}

describe('K1, C8: a checkpoint that is given up while output is staged', () => {
  const partAppend = (operation: string, path: string): boolean =>
    operation === 'append' && path.startsWith('/store/parts/')
  const partSync = (operation: string, path: string): boolean =>
    operation === 'sync' && path.startsWith('/store/parts/')
  const slotAppend = (operation: string, path: string): boolean =>
    operation === 'append' && /^\/store\/log\/1\/\.tmp-[1-9]/.test(path)
  const slotLink = (operation: string, path: string): boolean =>
    operation === 'link' && /^\/store\/log\/1\/[1-9]/.test(path)

  it.each([
    { what: 'a part is not written', matches: partAppend, code: 'ENOSPC', failed: 'CHECKPOINT_DECLINED' },
    { what: 'a part is not synced', matches: partSync, code: 'EIO', failed: 'CHECKPOINT_DECLINED' },
    {
      what: 'the manifest is not written',
      matches: slotAppend,
      code: 'ENOSPC',
      failed: 'CHECKPOINT_NOT_LOGGED',
    },
    { what: 'the manifest gets no name', matches: slotLink, code: 'ENOSPC', failed: 'CHECKPOINT_NOT_LOGGED' },
    { what: 'the manifest may have a name', matches: slotLink, code: 'EIO', failed: 'CHECKPOINT_NOT_LOGGED' },
  ])('because $what ($code): the job lives, and its output is exact', async ({ matches, code, failed }) => {
    const ran = await runLedger(failing(matches, [1, 4], code))
    expect(ran.result?.restarts).toBe(0)
    const failures = eventsOf(ran, 'checkpoint.failed')
    expect(failures.length).toBeGreaterThanOrEqual(1)
    expect(new Set(failures.map((event) => event.code))).toEqual(new Set([failed]))
    expect(failures[0]?.message).toContain(failed === 'CHECKPOINT_DECLINED' ? 'ledger' : 'job log')
  })

  it('E4: the manifest has its name, but the answer got lost: the checkpoint counts', async () => {
    let lost = 0
    const ran = await runLedger((disk) => ({
      ...disk,
      async link(from, to) {
        await disk.link(from, to)
        if (to !== '/store/log/1/2' || (lost += 1) > 1) return
        throw systemError('EIO', 'link', to)
      },
    }))
    expect(lost).toBe(1)
    expect(ran.result?.restarts).toBe(0)
    expect(eventsOf(ran, 'checkpoint.failed')).toEqual([])
  })

  it('because it took too long, and its acknowledgement comes late: exact', async () => {
    const stalled = deferred()
    let stalls = 0
    const ran = await runLedger(
      (disk) =>
        interceptFiles(disk, async (operation, path) => {
          if (partAppend(operation, path) && (stalls += 1) === 1) await stalled.promise
        }),
      { timeoutMs: 40, failed: stalled.resolve },
    )
    expect(ran.result?.restarts).toBe(0)
    expect(eventsOf(ran, 'checkpoint.failed').map((event) => event.code)).toEqual(['CHECKPOINT_TIMEOUT'])
  })

  it.each([
    { name: 'coordinator.manifest-written' },
    { name: 'coordinator.told-some' },
    { name: 'sink.before-commit' },
    { name: 'sink.before-commit', nth: 2 },
  ] satisfies CrashPoint[])(
    'and the job crashes at $name of the next one: what was staged before is in its snapshot, exact',
    async (point) => {
      const ran = await runLedger(failing(partAppend, [1], 'ENOSPC'), { point })
      expect(eventsOf(ran, 'checkpoint.failed')).toHaveLength(1)
      expect(ran.result?.restarts).toBe(1)
    },
  )

  it('and the job crashes before the next one: exact', async () => {
    for (const nth of [1, 2, 3, 4, 5]) {
      const ran = await runLedger(failing(partAppend, [2, 3], 'ENOSPC'), {
        point: { name: 'task.captured', nth: nth * 2 },
      })
      expect(ran.result?.restarts).toBe(1)
    }
  })
})

describe('C2: a source whose barrier is late, since a slow sink holds it up, beside one that goes on', () => {
  const fastCount = 15_000
  const slowCount = 20_000
  const items = (split: number, count: number): Item[] =>
    Array.from({ length: count }, (_, i) => itemOf(split, i))

  it.each([2, 3, 4])('crashed once checkpoint %i is complete: exact', async (nth) => {
    const { disk, ran } = await runEnding({
      point: { name: 'coordinator.manifest-written', nth },
      parallelism: 1,
      build() {
        const built = flow('late')
        const slow = built.source('slow', fromGenerator({ count: slowCount, at: (i) => itemOf(1, i) }))
        slow.rebalance().sink(
          'sleeps',
          toFunction(() => sleep(4), { batchMax: 1_000 }),
        )
        built
          .source(
            'fast',
            fromGenerator<Item, number>({
              async *open(position) {
                for (let i = position ?? 0; i < fastCount; i += 1) {
                  if (i % 10 === 0) await turn()
                  yield { value: itemOf(0, i), position: i + 1 }
                }
              },
            }),
          )
          .union('both', slow)
          .keyBy('by-key', ({ key }) => key)
          .process('ledger', ledgerOperator())
          .sink('out', toJsonl('/out'))
        return built
      },
    })
    expect(ran.result?.restarts).toBe(1)
    expect(eventsOf(ran, 'job.restored')[1]?.checkpoint).toBe(nth)
    const rows = sorted([...rowsOf(items(0, fastCount)), ...rowsOf(items(1, slowCount))])
    const found = await visibleRows(disk)
    // Compared by hand: a difference of 40,000 rows is not for a screen.
    expect(found.length).toBe(rows.length)
    expect(found.findIndex((row, i) => row !== rows[i])).toBe(-1)
  })
})

describe('output that was staged for an attempt that was given up, after the next one began', () => {
  it('K4: is gone when the job has finished', async () => {
    const disk = simulatedFiles()
    const stage = async (n: number): Promise<number> => {
      if (n === 1) await (await disk.open('/out/.staged-1.1-0-99.jsonl', 'create')).close()
      return n
    }
    const built = flow('late-staging')
    built
      .source('items', fromArray([1, 2, 3]))
      .mapAsync('stage', stage, { inFlightMax: 1 })
      .sink('out', toJsonl('/out'))
    const options = { checkpoints: { store: fileStore('/store') }, ports: { files: disk } }
    expect((await runToEnd(built, options)).error).toBeUndefined()
    expect((await disk.list('/out')).filter((name) => name.startsWith('.'))).toEqual([])
    expect(await visibleRows(disk)).toHaveLength(3)
  })
})
