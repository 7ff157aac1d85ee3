/** When open windows emit before they are complete, and how much of them no pane has shown yet. */
import type { ResolvedWindowOptions } from './options.ts'
import { timerNames, type WindowRuntime } from './definition.ts'

export class PaneTrigger {
  /** True when windows must count the records that no pane has shown. */
  readonly counts: boolean
  readonly discards: boolean
  private readonly runtime: WindowRuntime
  private readonly always: boolean
  private readonly everyMs: number | undefined
  private readonly everyCount: number

  constructor(runtime: WindowRuntime, { trigger, panes }: ResolvedWindowOptions) {
    this.runtime = runtime
    this.everyMs = trigger.kind === 'every-ms' ? trigger.everyMs : undefined
    this.everyCount =
      trigger.kind === 'every-count' ? trigger.everyCount : trigger.kind === 'record' ? 1 : Infinity
    this.discards = panes === 'discard'
    this.counts = trigger.kind !== 'watermark' || this.discards
    this.always = trigger.kind !== 'record' && !this.discards
  }

  /** Whether a window that got a record emits a pane at once. */
  isDue(unshown: number): boolean {
    return unshown >= this.everyCount
  }

  /** Whether a window that is complete emits a pane. */
  speaksAtEnd(unshown: number): boolean {
    return this.always || unshown > 0
  }

  /** Before a record is added: whether the current key's early timer has yet to be set. */
  isQuiet(unshown: readonly number[] | undefined): boolean {
    return this.everyMs !== undefined && (unshown === undefined || unshown.every((count) => count === 0))
  }

  /** The current key has something new to show: `everyMs` from now. */
  arm(): void {
    const { timers, context } = this.runtime
    timers.atClock(timerNames.early, context.clock.nowMs() + (this.everyMs ?? 0))
  }
}
