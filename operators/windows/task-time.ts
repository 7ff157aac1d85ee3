/** What time windows go by: that of the records and the watermark, or the clock's. */
import type { Timer } from '../state/timers.ts'
import type { WindowTime } from './assigners.ts'
import { timerNames, type WindowRuntime } from './definition.ts'

export class TaskTime {
  private readonly runtime: WindowRuntime
  private readonly event: boolean
  /** A clock that is put back must not reopen windows that have fired. */
  private nowMs = -Infinity

  constructor(runtime: WindowRuntime, domain: WindowTime) {
    this.runtime = runtime
    this.event = domain === 'event'
  }

  /** The time of the record in hand. */
  ofRecord(): number {
    const { context } = this.runtime
    if (this.event) return context.time.recordMs
    this.nowMs = Math.max(this.nowMs, context.clock.nowMs())
    return this.nowMs
  }

  /** For the current key no record of this time or an older one is on time any more; −Infinity on the clock. */
  watermarkMs(): number {
    return this.event ? this.runtime.context.clock.watermarkMs : -Infinity
  }

  /** Sets the current key's timer to when `passedMs` has passed. */
  set(passedMs: number): void {
    const { timers } = this.runtime
    if (this.event) timers.at(timerNames.window, passedMs)
    else timers.atClock(timerNames.window, passedMs + 1)
  }

  /** The last millisecond that had passed when the timer was due. */
  passedAt(timer: Timer): number {
    return timer.domain === 'event' ? timer.atMs : timer.atMs - 1
  }
}
