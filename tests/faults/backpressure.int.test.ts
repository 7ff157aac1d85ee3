/** C4: a job whose sink stands still takes unaligned checkpoints, restores them, and refuses to rescale from them. */
import { describe, expect, it } from 'vitest'
import { MillraceError } from '../../core/errors.ts'
import { simulatedFiles } from '../../core/simulated/files.ts'
import {
  fileStore,
  flow,
  fromGenerator,
  toJsonl,
  type Flow,
  type JobEvent,
  type RunOptions,
  type SinkDefinition,
} from '../../index.ts'
import { eventsOf, ledgerOperator, quickRestarts, runToEnd, sorted, visibleRows } from './support.ts'

/** Beyond what all links hold (8 of 4,096 records): the sources must not end while the sink stands still. */
const count = 60_000
const parallelism = 2

interface Item {
  readonly id: number
  readonly key: string
}

/** What stands between a flow and its sink: nothing passes while it is shut. */
class Valve {
  /** Records that came to the sink. */
  written = 0
  failWith: MillraceError | undefined
  private shut = true
  private readonly wakes: (() => void)[] = []

  get isShut(): boolean {
    return this.shut
  }

  open(): void {
    this.shut = false
    for (const wake of this.wakes) wake()
  }

  guard<T>(inner: SinkDefinition<T>): SinkDefinition<T> {
    return {
      ...inner,
      open: async (context) => {
        const writer = await inner.open(context)
        const isShut = (): boolean => this.shut
        this.wakes.push(context.wake)
        return {
          write: (record) => {
            const error = this.shut ? undefined : this.failWith
            if (error) {
              this.failWith = undefined
              throw error
            }
            this.written += 1
            writer.write(record)
          },
          get full() {
            return isShut() || writer.full
          },
          barrier: (checkpoint) => writer.barrier(checkpoint),
          commit: (handles) => writer.commit(handles),
          close: () => writer.close(),
        }
      },
    }
  }
}

function makeFlow(valve: Valve): Flow {
  const made = flow('backed-up')
  made
    .source('items', fromGenerator({ count, splits: 2, at: (id): Item => ({ id, key: `k${id % 50}` }) }))
    .keyBy('by-key', (item) => item.key)
    .process('ledger', ledgerOperator())
    .rebalance()
    .filter('all', () => true)
    .sink('out', valve.guard(toJsonl('/out')))
  return made
}

/** What the flow must write, by a plain loop. */
function expectedRows(): string[] {
  const totals = new Map<string, { count: number; sum: number }>()
  const rows: unknown[] = []
  for (let id = 0; id < count; id += 1) {
    const key = `k${id % 50}`
    const total = totals.get(key) ?? { count: 0, sum: 0 }
    totals.set(key, { count: total.count + 1, sum: total.sum + id })
    // Two splits of one key are read in any order: only its ids and its counts are certain.
    rows.push({ id, key })
  }
  for (const [key, total] of totals) rows.push({ kind: 'total', key, ...total })
  return sorted(rows)
}

const certain = (rows: readonly string[]): string[] =>
  sorted(
    rows.map((row) => {
      const { kind, id, key, ...rest } = JSON.parse(row) as Record<string, unknown>
      return kind === 'seen' ? { id, key } : { kind, key, ...rest }
    }),
  )

const completed = (events: readonly JobEvent[]) =>
  events.filter((event) => event.event === 'checkpoint.completed')

function optionsFor(
  disk: ReturnType<typeof simulatedFiles>,
  checkpoints: RunOptions['checkpoints'],
  given: RunOptions = {},
): RunOptions {
  return {
    parallelism,
    restart: quickRestarts,
    checkpoints: { everyMs: 5, failuresMax: 1_000, store: fileStore('/store'), ...checkpoints },
    ports: { files: disk },
    ...given,
  }
}

describe('a sink that stands still', () => {
  it('C4: aligned checkpoints cannot complete behind it, unaligned ones do, and restore exactly', async () => {
    const aligned = { valve: new Valve(), disk: simulatedFiles(), completed: 0, failed: 0 }
    const waiting = await runToEnd(
      makeFlow(aligned.valve),
      optionsFor(aligned.disk, { timeoutMs: 40 }),
      ({ event }) => {
        if (!aligned.valve.isShut || aligned.valve.written === 0) return
        if (event === 'checkpoint.completed') aligned.completed += 1
        if (event === 'checkpoint.failed' && (aligned.failed += 1) === 5) aligned.valve.open()
      },
    )
    // One may have passed the sink just before it stood still.
    expect(aligned.completed).toBeLessThanOrEqual(1)
    expect(completed(waiting.events).filter((event) => event.unaligned || event.channelBytes > 0)).toEqual([])
    expect(certain(await visibleRows(aligned.disk))).toEqual(expectedRows())

    const valve = new Valve()
    const disk = simulatedFiles()
    valve.failWith = new MillraceError('TEST', 'the sink fails once', { retry: 'retry' })
    let unaligned = 0
    const ran = await runToEnd(makeFlow(valve), optionsFor(disk, { alignmentTimeoutMs: 5 }), (event) => {
      if (event.event !== 'checkpoint.completed' || event.channelBytes === 0) return
      if ((unaligned += 1) === 5) valve.open()
    })
    expect(unaligned).toBeGreaterThanOrEqual(5)
    const [restored] = eventsOf(ran, 'job.restored').filter(({ checkpoint }) => checkpoint !== null)
    const from = completed(ran.events).find(({ id }) => id === restored?.checkpoint)
    expect(from).toMatchObject({ unaligned: true, channelBytes: expect.any(Number) as number })
    expect(from?.channelBytes).toBeGreaterThan(10_000)
    expect(ran.result).toMatchObject({ records: count, restarts: 1 })
    expect(certain(await visibleRows(disk))).toEqual(expectedRows())
  })

  it('C4: rescale starts from an aligned checkpoint, such as a stop makes', async () => {
    const disk = simulatedFiles()
    const first = new Valve()
    first.failWith = new MillraceError('TEST', 'the sink is gone', { retry: 'fatal' })
    const crashed = await runToEnd(makeFlow(first), optionsFor(disk, { alignmentTimeoutMs: 0 }), (event) => {
      if (event.event === 'checkpoint.completed' && event.channelBytes > 0) first.open()
    })
    expect(crashed.error?.code).toBe('TEST')
    const newest = completed(crashed.events).at(-1)
    expect(newest?.unaligned).toBe(true)

    for (const changed of [{ parallelism: 3 }, { parallelism: 1 }]) {
      const open = new Valve()
      open.open()
      const refused = await runToEnd(makeFlow(open), optionsFor(disk, {}, changed))
      expect([refused.error?.code, refused.error?.message]).toEqual([
        'RESCALE_UNALIGNED',
        expect.stringMatching(/stop it, which makes an aligned checkpoint/),
      ])
    }

    // Without fusion there are more links, and these are among them.
    const second = new Valve()
    second.open()
    const stopped = await runToEnd(
      makeFlow(second),
      optionsFor(disk, { everyMs: null, alignmentTimeoutMs: 0 }, { fuse: false }),
      (event, job) => {
        if (event.event === 'job.restored') void job.stop()
      },
    )
    expect(stopped.result).toMatchObject({ ended: false })
    expect(completed(stopped.events)).toMatchObject([{ unaligned: false, channelBytes: 0 }])
    const third = new Valve()
    third.open()
    const rescaled = await runToEnd(makeFlow(third), optionsFor(disk, {}, { parallelism: 3 }))
    expect(rescaled.error).toBeUndefined()
    expect(certain(await visibleRows(disk))).toEqual(expectedRows())
  })
})
