/**
 * Sliding windows of event time that share slices: a record updates one accumulator, and a window is merged from its
 * slices when it fires (Traub et al., "Scotty: general and efficient open-source window aggregation", TODS 2021).
 * For the default trigger and panes that accumulate; with others each window needs an accumulator of its own
 * (`fixed-windows.ts`). Per key the slices by start; see `table.ts`.
 *
 * - A window has fired when the watermark reached its last millisecond; one without records does not speak.
 * - A slice is kept until the newest window that it is part of is past the allowed lateness, or a little longer: less
 *   than an eighth of a key's slices are older. A late record changes its
 *   slice, and those of its windows that have fired and are still within the lateness emit an update.
 * - A key has one timer, at the next moment at which a window fires or a slice is let go.
 */
import type { Key } from '../../core/keys/index.ts'
import type { OperatorContext } from '../operator.ts'
import type { Timer } from '../state/timers.ts'
import type { FixedWindows } from './assigners.ts'
import { timerNames, WindowRuntime, type WindowDefinition } from './definition.ts'
import type { Bundle, BundleTaker } from './local-aggregation.ts'
import { Moments, type Moment } from './moments.ts'
import { SliceSums, sumOf, type SlidingWindow } from './slice-sums.ts'
import { Slices } from './slices.ts'
import { accumulatorsOf, startsOf, WindowTable } from './table.ts'

/** Up to so many slices are merged anew at each firing: cheaper than to keep sums of them. */
const fewSlices = 4

/** Of a key's slices, less than one in so many is past its last window and yet in the table. */
const lingering = 8

export class SlicedWindowStep implements BundleTaker {
  private readonly runtime: WindowRuntime
  private readonly slices: Slices
  private readonly moments: Moments
  private readonly slideMs: number
  private readonly latenessMs: number
  private readonly table: WindowTable
  /** The slice of the last record. */
  private sliceMs = Infinity
  private sliceEndMs = Infinity
  /** Once this has passed it is too late for a record of that slice. */
  private sliceLateMs = Infinity

  constructor(context: OperatorContext, assigner: FixedWindows, definition: WindowDefinition) {
    this.runtime = new WindowRuntime(context, definition)
    this.slices = new Slices(assigner)
    this.slideMs = assigner.slideMs
    this.latenessMs = definition.options.allowedLatenessMs
    this.moments = new Moments(this.slices, { ...assigner, latenessMs: this.latenessMs })
    this.table = new WindowTable(this.runtime, { ends: false, unshown: false })
  }

  onRecord(record: unknown): void {
    const { runtime } = this
    const key = runtime.enter(record)
    const { time, clock } = runtime.context
    const startMs = this.sliceOf(time.recordMs)
    const entry = runtime.state.current
    const starts = startsOf(entry)
    const last = starts === undefined ? -1 : starts.length - 1
    // No window with a time above the watermark has fired: there is nothing to show, and no sum that holds the slice.
    if (starts?.[last] === startMs && time.recordMs > clock.watermarkMs) {
      const accumulators = accumulatorsOf(entry)
      accumulators[last] = runtime.accumulation.add(accumulators[last], record)
      return
    }
    this.assign(key, record, startMs)
  }

  onBundle({ key, startMs, accumulator }: Bundle): void {
    const { runtime, table } = this
    runtime.state.enter(key)
    const { watermarkMs } = runtime.context.clock
    if (this.lateFrom(startMs) <= watermarkMs) return
    table.open()
    const index = table.placeOf(startMs)
    const isNew = table.starts[index] !== startMs
    table.take(index, startMs, NaN, accumulator)
    this.changed(key, startMs, watermarkMs, isNew && this.isOldest(index))
  }

  onTimerUndone(key: Key, timer: Timer): void {
    this.runtime.silently(() => this.onTimer(key, timer))
  }

  onTimer(key: Key, { atMs }: Timer): void {
    const { table } = this
    table.open()
    const moment = this.moments.of(atMs)
    const gone = this.gone(moment)
    if (moment.ending) this.show(key, moment.ending, gone)
    this.rearm(moment, gone)
    // What is behind them moves up: not for each one.
    if (gone * lingering >= table.size) table.remove(0, gone)
    this.putBack()
  }

  /** Start of the slice that holds a time: mostly that of the record before. */
  private sliceOf(atMs: number): number {
    if (atMs < this.sliceMs || atMs >= this.sliceEndMs) {
      this.sliceMs = this.slices.startOf(atMs)
      this.sliceEndMs = this.slices.endOf(this.sliceMs)
      this.sliceLateMs = this.lateFrom(this.sliceMs)
    }
    return this.sliceMs
  }

  /** Once this has passed, the slice's newest window is past its lateness. */
  private lateFrom(startMs: number): number {
    return this.slices.lastWindowEnd(startMs) - 1 + this.latenessMs
  }

  /** A record of the slice that `sliceOf` found. */
  private assign(key: Key, record: unknown, startMs: number): void {
    const { runtime, table } = this
    const { watermarkMs } = runtime.context.clock
    if (this.sliceLateMs <= watermarkMs) {
      runtime.late(record)
      return
    }
    table.open()
    const index = table.placeOf(startMs)
    const isNew = table.starts[index] !== startMs
    if (isNew) table.insert(index, startMs, NaN, runtime.accumulation.first(record))
    else table.accumulators[index] = runtime.accumulation.add(table.accumulators[index], record)
    this.changed(key, startMs, watermarkMs, isNew && this.isOldest(index))
  }

  /** Whether a slice at `index` may be the oldest: fewer than that are gone. */
  private isOldest(index: number): boolean {
    return index * lingering < this.table.size
  }

  /** A slice of the windows in hand got something. */
  private changed(key: Key, startMs: number, watermarkMs: number, isOldest: boolean): void {
    // In the sums is only what belongs to windows that have fired.
    if (startMs <= watermarkMs) {
      const { current } = this.runtime.state
      const sums = current.derived as SliceSums | undefined
      if (sums !== undefined && sums.untilMs > startMs) current.derived = undefined
    }
    // The timer is that of the oldest slice, or of the oldest that has windows to fire.
    if (isOldest || this.latenessMs > 0) {
      const moment = this.moments.of(watermarkMs)
      this.rearm(moment, this.gone(moment))
    }
    if (this.latenessMs > 0) this.update(key, startMs, watermarkMs)
    this.putBack()
  }

  /** The windows of a slice that have fired, anew. */
  private update(key: Key, startMs: number, watermarkMs: number): void {
    const newestMs = Math.min(this.slices.lastWindowEnd(startMs), watermarkMs + 1)
    for (let endMs = this.slices.windowEndAfter(startMs); endMs <= newestMs; endMs += this.slideMs) {
      if (endMs - 1 + this.latenessMs > watermarkMs) this.show(key, this.moments.windowOf(endMs), 0)
    }
  }

  /** Its slices are looked for from index `near` on. */
  private show(key: Key, window: SlidingWindow, near: number): void {
    const { table, runtime } = this
    const { startMs, endMs } = window
    const from = table.placeFrom(startMs, near)
    const to = table.placeOf(endMs)
    if (from < to && !runtime.silent) runtime.emit(key, startMs, endMs, this.sum(from, to, window))
  }

  private sum(from: number, to: number, window: SlidingWindow): unknown {
    const { table, runtime } = this
    const { accumulation } = runtime
    const { current } = runtime.state
    if (to - from <= fewSlices) return sumOf(accumulation, table, from, to)
    // Windows are asked for in order: where a late record asks for older ones, it has thrown the sums away.
    const sums = (current.derived as SliceSums | undefined) ?? new SliceSums(accumulation)
    current.derived = sums
    return sums.over(table, from, to, window)
  }

  /** How many slices, from the oldest, have no window any more that is within its lateness. */
  private gone({ goneMs }: Moment): number {
    return this.table.placeFrom(goneMs, 0)
  }

  /** Sets the timer anew; of the slices, so many are gone. */
  private rearm({ passedMs, unfiredMs, nextEndMs }: Moment, gone: number): void {
    const { table, slices, latenessMs } = this
    const oldestMs = table.starts[gone]
    if (oldestMs === undefined) return
    const unfired = latenessMs === 0 ? gone : table.placeFrom(unfiredMs, gone)
    const nextMs = table.starts[unfired]
    const firesMs =
      nextMs === undefined
        ? Infinity
        : (nextMs <= passedMs + 1 ? nextEndMs : slices.windowEndAfter(nextMs)) - 1
    const goneMs = unfired > gone ? this.lateFrom(oldestMs) : Infinity
    this.runtime.timers.at(timerNames.window, Math.min(firesMs, goneMs))
  }

  private putBack(): void {
    if (this.table.size === 0) this.runtime.state.current.derived = undefined
    this.table.close()
  }
}
