/**
 * Window join: rows of one key and one window meet, each with each, when the window is over.
 *
 * - J1: a window speaks once, when the watermark (or the clock) has passed its last millisecond; its results have
 *   that time.
 * - J2: a row is kept once, however many windows it is in, until the last of them is over.
 * - J3: under an outer type the rows of a window in which the other side has none are results alone.
 * - J4: a record all of whose windows are over is late.
 */
import type { OperatorContext, OperatorDefinition, OperatorInstance } from '../operator.ts'
import type { Timer } from '../state/timers.ts'
import type { TimeWindows } from '../windows/assigners.ts'
import { joinDefinition, JoinRuntime, keeps, type JoinParts, type JoinType, type Side } from './definition.ts'
import { firstFrom, insert, takeUntil, type TimedRow, type Timeline } from './timeline.ts'
import { earliest, windowRules, type JoinWindow, type WindowRules } from './window-rules.ts'

export type ErasedWindowJoinFn = (left: never, right: never, window: JoinWindow) => unknown

export interface WindowJoinParts extends Omit<JoinParts, 'fn'> {
  readonly fn: ErasedWindowJoinFn
}

export const windowJoin = (
  parts: WindowJoinParts,
  windows: TimeWindows,
  type: JoinType,
): OperatorDefinition =>
  joinDefinition('joinWindow', parts, {
    eventTime: windows.domain === 'event',
    create: (context) => new WindowJoin(context, parts, windows, type),
  })

/** Of the one timer that each key has: the end of its first window. */
const windowTimer = 'window'

class WindowJoin implements OperatorInstance {
  private readonly runtime: JoinRuntime
  private readonly fn: ErasedWindowJoinFn
  private readonly type: JoinType
  private readonly rules: WindowRules
  private readonly event: boolean
  /** A clock that is put back must not reopen windows that are over. */
  private clockMs = -Infinity

  constructor(context: OperatorContext, { keys, fn }: WindowJoinParts, windows: TimeWindows, type: JoinType) {
    this.runtime = new JoinRuntime(context, keys)
    this.fn = fn
    this.type = type
    this.rules = windowRules(windows)
    this.event = windows.domain === 'event'
  }

  onRecord(record: unknown): void {
    this.take('left', record)
  }

  onSecond(record: unknown): void {
    this.take('right', record)
  }

  onTimer(_key: unknown, { atMs }: Timer): void {
    const { rules } = this
    const passedMs = this.event ? atMs : atMs - 1
    let window = rules.first(this.rows(), passedMs)
    if (window && window.endMs - 1 <= passedMs) {
      this.speak(window)
      this.forget(rules.doneMs(window))
      window = rules.first(this.rows(), window.endMs)
    }
    this.setTimer(window)
  }

  pull(): boolean {
    return this.runtime.results.pull()
  }

  discard(): void {
    this.runtime.results.discard()
  }

  private take(side: Side, record: unknown): void {
    const { runtime, rules } = this
    runtime.enter(side, record)
    const { context } = runtime
    const overMs = this.event ? context.clock.watermarkMs + 1 : -Infinity
    const atMs = this.event ? context.time.recordMs : this.clockNow()
    if (rules.isOver(atMs, this.rows(), overMs)) {
      runtime.late(side, record)
      return
    }
    const isFirst = atMs < earliest(this.rows())
    insert(runtime.ownRows(side), [atMs, record, false])
    if (isFirst) this.setTimer(rules.first(this.rows(), overMs))
  }

  /** J3 */
  private speak({ startMs, endMs }: JoinWindow): void {
    const [left, right] = this.rows().map((rows) =>
      rows.slice(firstFrom(rows, startMs), firstFrom(rows, endMs)),
    ) as [Timeline, Timeline]
    if (right.length === 0 && keeps(this.type, 'left')) right.push(nobody)
    if (left.length === 0 && keeps(this.type, 'right')) left.push(nobody)
    const window = { startMs, endMs }
    this.runtime.results.emit(left.length * right.length, (index) => {
      const [, one] = left[Math.floor(index / right.length)] as TimedRow
      const [, other] = right[index % right.length] as TimedRow
      return { result: this.fn(one as never, other as never, window), atMs: endMs - 1 }
    })
  }

  private forget(untilMs: number): void {
    for (const side of ['left', 'right'] as const) {
      if (this.runtime.rows(side).length === 0) continue
      takeUntil(this.runtime.ownRows(side), untilMs)
      this.runtime.tidy(side)
    }
  }

  private setTimer(window: JoinWindow | undefined): void {
    if (!window) return
    const { timers } = this.runtime
    if (this.event) timers.at(windowTimer, window.endMs - 1)
    else timers.atClock(windowTimer, window.endMs)
  }

  private rows(): [Timeline, Timeline] {
    return [this.runtime.rows('left'), this.runtime.rows('right')]
  }

  private clockNow(): number {
    this.clockMs = Math.max(this.clockMs, this.runtime.context.clock.nowMs())
    return this.clockMs
  }
}

/** In place of the row that is missing. */
const nobody: TimedRow = [0, undefined, false]
