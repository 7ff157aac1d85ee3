/** Flows by event time and by the clock whose output does not depend on when watermarks come, as long as they are right. */
import {
  collect,
  flow,
  fromGenerator,
  mapCell,
  cell,
  operator,
  toJsonl,
  type Flow,
} from '../../../../index.ts'
import type { FlowMaker } from '../trial.ts'
import { overtaking, share } from './shape.ts'

interface Event {
  readonly id: number
  readonly key: string
  readonly atMs: number
}

interface Pane {
  readonly key: string
  readonly endMs: number
  readonly count: number
  /** Records that came behind their pane: a wrong watermark. */
  readonly late: number
}

const startMs = 1_600_000_000_000
/** How far records come behind the highest time of their split. */
const disorderMs = 70

/** Panes of `sizeMs`, counted with timers by hand: what windows do, without windows. */
const panes = (sizeMs: number) =>
  operator<string, Event, Pane>()({
    state: { counts: mapCell<number, number>(), late: cell(() => 0), clocked: cell<boolean>() },
    onRecord(ctx, { atMs }) {
      if (atMs !== ctx.timestampMs) throw new Error(`${atMs} came as ${ctx.timestampMs}`)
      if (ctx.state.clocked.get() === undefined) {
        ctx.state.clocked.set(false)
        ctx.timers.atClock('once', ctx.nowMs() + 40)
      }
      const endMs = Math.floor(atMs / sizeMs) * sizeMs + sizeMs
      if (endMs - 1 <= ctx.watermarkMs) ctx.state.late.update((late) => late + 1)
      else {
        ctx.state.counts.set(endMs, (ctx.state.counts.get(endMs) ?? 0) + 1)
        ctx.timers.at(`end ${endMs}`, endMs - 1)
      }
    },
    onTimer(ctx, { domain, atMs }) {
      if (domain === 'clock') ctx.state.clocked.set(true)
      else {
        const endMs = atMs + 1
        ctx.emit({ key: ctx.key, endMs, count: ctx.state.counts.get(endMs) ?? 0, late: ctx.state.late.get() })
        ctx.state.counts.delete(endMs)
      }
    },
    onEnd(ctx) {
      // The clock timer fired or was overtaken by the end: either way the key holds what it saw.
      ctx.emit({ key: ctx.key, endMs: 0, count: ctx.state.counts.size, late: ctx.state.late.get() })
    },
  })

/** Disordered splits, a step that makes panes, and one behind it that makes panes of panes at their times. */
const timed =
  (name: string) =>
  (size: number): Flow => {
    const made = flow(name)
    const small = made
      .source(
        'events',
        fromGenerator({
          count: share(420, size),
          splits: 3,
          at: (id) => event(id, id * 10 - ((id * 37) % disorderMs)),
        }),
      )
      .eventTime('time', { atMs: (record) => record.atMs, latenessMaxMs: disorderMs, idleMs: 30 })
      .filter('most', (record) => record.id % 11 !== 3)
      .flatMap('twice', (record) => [record, record])
      .keyBy('by-key', (record) => record.key)
      .process('small', panes(200))
    small.sink('small-files', toJsonl('/small'))
    small
      .filter('fired', (pane) => pane.endMs > 0)
      .map('as-event', (pane) => ({ id: pane.count, key: 'all', atMs: pane.endMs - 1 }))
      .keyBy('as-one', (record) => record.key)
      .process('large', panes(1_000))
      .sink('large-values', collect())
    return made
  }

export const timing: FlowMaker = timed('timing')
export const timingUnaligned: FlowMaker = Object.assign(timed('timing-unaligned'), { run: overtaking })

/** Two streams of event time in one, each with its own pace; one ends long before the other. */
export function converging(size: number): Flow {
  const made = flow('converging')
  const of = (name: string, count: number, everyMs: number) =>
    made
      .source(
        name,
        fromGenerator({ count: share(count, size), splits: 2, at: (id) => event(id, id * everyMs) }),
      )
      .eventTime(`${name}-time`, { atMs: (record) => record.atMs, idleMs: 1_000 })
  of('fast', 300, 7)
    .union('both', of('short', 40, 3))
    .rebalance()
    .map('same', (record) => record)
    .keyBy('by-key', (record) => record.key)
    .process('panes', panes(100))
    .sink('files', toJsonl('/out'))
  return made
}

const event = (id: number, afterMs: number): Event => ({ id, key: `t${id % 5}`, atMs: startMs + afterMs })
