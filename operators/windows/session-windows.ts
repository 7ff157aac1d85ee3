/**
 * Sessions: windows that grow with their records, and merge where one record joins two. Per key the open sessions by
 * start, which do not overlap; see `table.ts`.
 *
 * - A record alone is a session [t, t + gap). Sessions that share a time are one; one that begins where another ends
 *   is not. So a record that is not late never belongs to a session that has fired, and the result does not depend on
 *   how far the watermark lags behind.
 * - A session has fired when the watermark reached its last millisecond, and is kept for the allowed lateness. A
 *   record is late when its session, with whatever it joins, is past that.
 * - A key has one timer, not after the next moment at which one of its sessions fires or is let go: a session that
 *   grows leaves the timer where it is.
 */
import type { Key } from '../../core/keys/index.ts'
import type { OperatorContext, OperatorInstance } from '../operator.ts'
import type { Timer } from '../state/timers.ts'
import type { SessionWindows } from './assigners.ts'
import { timerNames, WindowRuntime, type WindowDefinition } from './definition.ts'
import { PaneTrigger } from './panes.ts'
import { WindowTable } from './table.ts'
import { TaskTime } from './task-time.ts'

export class SessionWindowStep implements OperatorInstance {
  readonly onEnd?: (key: Key) => void
  private readonly runtime: WindowRuntime
  private readonly gapMs: number
  private readonly latenessMs: number
  private readonly trigger: PaneTrigger
  private readonly table: WindowTable
  private readonly time: TaskTime

  constructor(context: OperatorContext, { gapMs, domain }: SessionWindows, definition: WindowDefinition) {
    this.runtime = new WindowRuntime(context, definition)
    this.gapMs = gapMs
    this.latenessMs = definition.options.allowedLatenessMs
    this.trigger = new PaneTrigger(this.runtime, definition.options)
    this.table = new WindowTable(this.runtime, { ends: true, unshown: this.trigger.counts })
    this.time = new TaskTime(this.runtime, domain)
    if (domain === 'clock') this.onEnd = (key) => this.endClock(key)
  }

  onRecord(record: unknown): void {
    const { runtime, table, trigger } = this
    const key = runtime.enter(record)
    const startMs = this.time.ofRecord()
    const endMs = startMs + this.gapMs
    table.open()
    const from = firstAbove(table.ends, startMs)
    const to = table.placeOf(endMs)
    const watermarkMs = this.time.watermarkMs()
    if (from === to && endMs - 1 + this.latenessMs <= watermarkMs) {
      runtime.late(record)
      return
    }
    const quiet = trigger.isQuiet(table.unshown)
    if (from === to) this.begin(from, startMs, endMs, record)
    else this.join(from, to, startMs, endMs, record)
    if (trigger.counts) table.unshown[from] = (table.unshown[from] ?? 0) + 1
    // A session that had fired may have grown to fire again, before it would have been let go.
    if (to === from || this.latenessMs > 0) this.rearm(watermarkMs)
    const fired = (table.ends[from] as number) - 1 <= watermarkMs
    if (fired || trigger.isDue(table.unshown[from] ?? 0)) this.show(key, from)
    table.close()
    if (quiet && table.unshown.some((count) => count > 0)) trigger.arm()
  }

  onTimerUndone(key: Key, timer: Timer): void {
    this.runtime.silently(() => this.onTimer(key, timer))
  }

  onTimer(key: Key, timer: Timer): void {
    const { table } = this
    table.open()
    if (timer.name === timerNames.early) {
      for (let index = table.size - 1; index >= 0; index -= 1) {
        if ((table.unshown[index] as number) > 0) this.show(key, index)
      }
    } else {
      const passedMs = this.time.passedAt(timer)
      const index = firstAbove(table.ends, passedMs)
      if (table.ends[index] === passedMs + 1 && this.trigger.speaksAtEnd(table.unshown[index] ?? 0)) {
        this.show(key, index)
      }
      table.remove(0, firstAbove(table.ends, passedMs - this.latenessMs + 1))
      this.rearm(passedMs)
    }
    table.close()
  }

  private begin(index: number, startMs: number, endMs: number, record: unknown): void {
    this.table.insert(index, startMs, endMs, this.runtime.accumulation.first(record))
  }

  /** The record and sessions [from, to) become one, at `from`. */
  private join(from: number, to: number, startMs: number, endMs: number, record: unknown): void {
    const { starts, ends, accumulators, unshown } = this.table
    const { accumulation } = this.runtime
    for (let index = from + 1; index < to; index += 1) {
      accumulators[from] = this.merged(accumulators[from], accumulators[index])
      if (this.trigger.counts) unshown[from] = (unshown[from] as number) + (unshown[index] as number)
    }
    const held = accumulators[from]
    accumulators[from] = held === undefined ? accumulation.first(record) : accumulation.add(held, record)
    starts[from] = Math.min(startMs, starts[from] as number)
    ends[from] = Math.max(endMs, ends[to - 1] as number)
    this.table.remove(from + 1, to - from - 1)
  }

  /** A session whose pane was discarded has no accumulator. */
  private merged(a: unknown, b: unknown): unknown {
    if (a === undefined || b === undefined) return a ?? b
    return this.runtime.accumulation.merge(a, b)
  }

  /** A session that was discarded stays: later records may join it. */
  private show(key: Key, index: number): void {
    const { table } = this
    this.runtime.emit(
      key,
      table.starts[index] as number,
      table.ends[index] as number,
      table.accumulators[index],
    )
    if (this.trigger.discards) table.accumulators[index] = undefined
    if (this.trigger.counts) table.unshown[index] = 0
  }

  /** Sessions whose last millisecond is at most `passedMs` have fired. */
  private rearm(passedMs: number): void {
    const { ends } = this.table
    const [oldestMs] = ends
    if (oldestMs === undefined) return
    const unfiredMs = ends[firstAbove(ends, passedMs + 1)] ?? Infinity
    const goneMs = oldestMs < unfiredMs ? oldestMs + this.latenessMs : Infinity
    this.time.set(Math.min(unfiredMs, goneMs) - 1)
  }

  /** Sessions of the clock do not wait for it when the input has ended. */
  private endClock(key: Key): void {
    const { table, trigger } = this
    this.runtime.state.enter(key)
    table.open()
    for (let index = 0; index < table.size; index += 1) {
      if (trigger.speaksAtEnd(table.unshown[index] ?? 0)) this.show(key, index)
    }
    table.remove(0, table.size)
    table.close()
  }
}

/** Index of the first that is above `ms`, in ascending order; what is asked for is near the end. */
function firstAbove(ascending: readonly number[], ms: number): number {
  let from = 0
  let to = ascending.length
  if (to > 0 && (ascending[to - 1] as number) <= ms) return to
  while (from < to) {
    const middle = (from + to) >> 1
    if ((ascending[middle] as number) <= ms) from = middle + 1
    else to = middle
  }
  return from
}
