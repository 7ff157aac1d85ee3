/**
 * Tumbling windows, and sliding ones where each window needs an accumulator of its own: with a trigger other than
 * the default one, with panes that discard, on the clock. Per key the open windows by start; see `table.ts`.
 *
 * - A window of event time has fired when the watermark reached its last millisecond, and is kept for the allowed
 *   lateness; until then each late record emits an update. A window of the clock has no late records.
 * - A key has one timer, at the next moment at which one of its windows fires or is let go.
 * - A record that finds all its windows gone is late.
 */
import type { Key } from '../../core/keys/index.ts'
import type { OperatorContext } from '../operator.ts'
import type { Timer } from '../state/timers.ts'
import type { FixedWindows } from './assigners.ts'
import { timerNames, WindowRuntime, type WindowDefinition } from './definition.ts'
import type { Bundle, BundleTaker } from './local-aggregation.ts'
import { PaneTrigger } from './panes.ts'
import { Slices } from './slices.ts'
import { accumulatorsOf, startsOf, WindowTable } from './table.ts'
import { TaskTime } from './task-time.ts'

export class FixedWindowStep implements BundleTaker {
  readonly onEnd?: (key: Key) => void
  private readonly runtime: WindowRuntime
  private readonly windows: Slices
  private readonly assigner: FixedWindows
  private readonly latenessMs: number
  private readonly trigger: PaneTrigger
  private readonly table: WindowTable
  private readonly time: TaskTime
  /** A record that finds its window has nothing to do but to be added to it. */
  private readonly plain: boolean
  /** The record in hand began a window. */
  private inserted = false

  constructor(context: OperatorContext, assigner: FixedWindows, definition: WindowDefinition) {
    this.runtime = new WindowRuntime(context, definition)
    this.windows = new Slices(assigner)
    this.assigner = assigner
    this.latenessMs = definition.options.allowedLatenessMs
    this.trigger = new PaneTrigger(this.runtime, definition.options)
    this.table = new WindowTable(this.runtime, { ends: false, unshown: this.trigger.counts })
    this.time = new TaskTime(this.runtime, assigner.domain)
    this.plain = assigner.sizeMs === assigner.slideMs && !this.trigger.counts
    if (assigner.domain === 'clock') this.onEnd = (key) => this.endClock(key)
  }

  onRecord(record: unknown): void {
    const { runtime } = this
    const key = runtime.enter(record)
    const atMs = this.time.ofRecord()
    const newestMs = this.windows.lastWindowStart(atMs)
    if (this.plain) {
      const entry = runtime.state.current
      const starts = startsOf(entry)
      const last = starts === undefined ? -1 : starts.length - 1
      if (starts?.[last] === newestMs && this.isOnTime(newestMs)) {
        const accumulators = accumulatorsOf(entry)
        accumulators[last] = runtime.accumulation.add(accumulators[last], record)
        return
      }
    }
    this.assign(key, record, atMs, newestMs)
  }

  /** Of tumbling windows, whose only slice is the window. */
  onBundle({ key, startMs, accumulator }: Bundle): void {
    const { runtime, table } = this
    runtime.state.enter(key)
    const watermarkMs = this.time.watermarkMs()
    const lastMs = startMs + this.assigner.sizeMs - 1
    if (lastMs + this.latenessMs <= watermarkMs) return
    table.open()
    const index = table.placeOf(startMs)
    const isNew = table.starts[index] !== startMs
    table.take(index, startMs, lastMs + 1, accumulator)
    if (isNew) this.rearm(watermarkMs)
    if (lastMs <= watermarkMs) this.show(key, index)
    table.close()
  }

  onTimerUndone(key: Key, timer: Timer): void {
    this.runtime.silently(() => this.onTimer(key, timer))
  }

  onTimer(key: Key, timer: Timer): void {
    this.table.open()
    if (timer.name === timerNames.early) {
      this.showUnshown(key)
    } else {
      this.fire(key, this.time.passedAt(timer))
      this.rearm(this.time.passedAt(timer))
    }
    this.table.close()
  }

  /** Of a window that is there. */
  private isOnTime(startMs: number): boolean {
    return this.latenessMs === 0 || startMs + this.assigner.sizeMs - 1 > this.time.watermarkMs()
  }

  /** The record into each of its windows, oldest first. */
  private assign(key: Key, record: unknown, atMs: number, newestMs: number): void {
    const { table, trigger, latenessMs } = this
    const { sizeMs, slideMs } = this.assigner
    const watermarkMs = this.time.watermarkMs()
    table.open()
    const quiet = trigger.isQuiet(table.unshown)
    this.inserted = false
    let taken = false
    for (let startMs = this.windows.windowEndAfter(atMs) - sizeMs; startMs <= newestMs; startMs += slideMs) {
      const lastMs = startMs + sizeMs - 1
      if (lastMs + latenessMs <= watermarkMs) continue
      taken = true
      const index = this.add(startMs, record)
      if (lastMs <= watermarkMs || trigger.isDue(table.unshown[index] ?? 0)) this.show(key, index)
    }
    if (!taken) {
      this.runtime.late(record)
      return
    }
    if (this.inserted) this.rearm(watermarkMs)
    table.close()
    if (quiet && table.unshown.some((count) => count > 0)) trigger.arm()
  }

  private add(startMs: number, record: unknown): number {
    const { table } = this
    const { accumulation } = this.runtime
    const index = table.placeOf(startMs)
    if (table.starts[index] === startMs) {
      table.accumulators[index] = accumulation.add(table.accumulators[index], record)
    } else {
      this.inserted = true
      table.insert(index, startMs, startMs + this.assigner.sizeMs, accumulation.first(record))
    }
    if (this.trigger.counts) table.unshown[index] = (table.unshown[index] ?? 0) + 1
    return index
  }

  /** Everything up to `passedMs` is there: emits the windows that end with it, and lets go of what is too old. */
  private fire(key: Key, passedMs: number): void {
    const { table, trigger, latenessMs } = this
    const { sizeMs } = this.assigner
    const index = table.placeOf(passedMs + 1 - sizeMs)
    if (table.starts[index] === passedMs + 1 - sizeMs && trigger.speaksAtEnd(table.unshown[index] ?? 0)) {
      this.show(key, index)
    }
    table.remove(0, table.placeOf(passedMs - latenessMs + 2 - sizeMs))
  }

  private show(key: Key, index: number): void {
    const { table } = this
    const startMs = table.starts[index] as number
    this.runtime.emit(key, startMs, startMs + this.assigner.sizeMs, table.accumulators[index])
    // Without an accumulator there is nothing to remember a window by; a later record begins it anew.
    if (this.trigger.discards) table.remove(index, 1)
    else if (this.trigger.counts) table.unshown[index] = 0
  }

  private showUnshown(key: Key): void {
    const { table } = this
    for (let index = table.size - 1; index >= 0; index -= 1) {
      if ((table.unshown[index] as number) > 0) this.show(key, index)
    }
  }

  /** Windows whose last millisecond is at most `passedMs` have fired. */
  private rearm(passedMs: number): void {
    const { table, latenessMs } = this
    const { sizeMs } = this.assigner
    const [oldestMs] = table.starts
    if (oldestMs === undefined) return
    const unfiredMs = table.starts[table.placeOf(passedMs + 2 - sizeMs)] ?? Infinity
    const goneMs = oldestMs < unfiredMs ? oldestMs + latenessMs : Infinity
    this.time.set(Math.min(unfiredMs, goneMs) + sizeMs - 1)
  }

  /** Windows of the clock do not wait for it when the input has ended. */
  private endClock(key: Key): void {
    const { table, trigger } = this
    this.runtime.state.enter(key)
    table.open()
    for (let index = 0; index < table.size; index += 1) {
      if (trigger.speaksAtEnd(table.unshown[index] ?? 0)) {
        const startMs = table.starts[index] as number
        this.runtime.emit(key, startMs, startMs + this.assigner.sizeMs, table.accumulators[index])
      }
    }
    table.remove(0, table.size)
    table.close()
  }
}
