/**
 * `throttle`: records pass unchanged, at a bounded rate (a token bucket a task: Tanenbaum, "Computer Networks").
 *
 * - R1: when the bucket is empty no record comes in; the links, or the source, feel it as any slow step.
 * - R2: the rate is the step's; its tasks share it evenly. It is not in the checkpoint: a restart begins anew.
 */
import { ConfigError } from '../../core/errors.ts'
import type { StepOptions } from '../flow.ts'
import { wholeNumberOf } from '../stream-options.ts'
import type { OperatorContext, OperatorDefinition, OperatorInstance } from '../operator.ts'

export interface ThrottleOptions extends StepOptions {
  /** Records a second, of all tasks together. */
  readonly perSecond: number
  /** Records that may pass at once after a silence. Default: a tenth of a second's. */
  readonly burst?: number
}

/** Throws ConfigError `OPTION_ILLEGAL`. */
export function resolveThrottle(name: string, { perSecond, burst }: ThrottleOptions): ThrottleParts {
  if (typeof perSecond !== 'number' || !(perSecond > 0) || perSecond === Infinity) {
    throw new ConfigError(
      'OPTION_ILLEGAL',
      `perSecond of '${name}' must be a number above 0, got ${JSON.stringify(perSecond)}`,
    )
  }
  const otherwise = Math.max(1, Math.ceil(perSecond / 10))
  return { perSecond, burst: wholeNumberOf(name, 'burst', burst ?? otherwise, { min: 1 }) }
}

export interface ThrottleParts {
  readonly perSecond: number
  /** Records that may pass at once after a silence. */
  readonly burst: number
}

export const throttleOperator = (parts: ThrottleParts): OperatorDefinition => ({
  kind: 'throttle',
  onError: 'fail',
  create: (context) => new Throttle(context, parts),
})

/** A timer is not worth less than this: at high rates a task runs in short bursts. */
const pauseMsMin = 5

class Throttle implements OperatorInstance {
  private readonly context: OperatorContext
  private readonly perMs: number
  private readonly burst: number
  private tokens: number
  private filledMs: number
  private cancel: (() => void) | undefined

  constructor(context: OperatorContext, { perSecond, burst }: ThrottleParts) {
    this.context = context
    this.perMs = perSecond / 1000 / context.parallelism
    // Less than what a pause fills would be lost at every pause.
    this.burst = Math.max(1, burst / context.parallelism, this.perMs * 2 * pauseMsMin)
    this.tokens = this.burst
    this.filledMs = context.ports.clock.monotonicMs()
  }

  get full(): boolean {
    return this.cancel !== undefined
  }

  onRecord(record: unknown): void {
    this.tokens -= 1
    if (this.tokens < 1) this.refill()
    if (this.tokens < 1) this.pause()
    this.context.emit(record)
  }

  close(): void {
    this.cancel?.()
  }

  private refill(): void {
    const nowMs = this.context.ports.clock.monotonicMs()
    this.tokens = Math.min(this.burst, this.tokens + (nowMs - this.filledMs) * this.perMs)
    this.filledMs = nowMs
  }

  private pause(): void {
    const { gate, ports, wake } = this.context
    if (this.cancel) return
    gate.leftovers += 1
    this.cancel = ports.timers.after(Math.max(pauseMsMin, (1 - this.tokens) / this.perMs), () => {
      this.cancel = undefined
      gate.leftovers -= 1
      this.refill()
      // Steps before this one may have given it more in between.
      if (this.tokens < 1) this.pause()
      wake()
    })
  }
}
