/** Which times count for what a step keeps with a time-to-live: X1, X4 and X5 of `state/ttl.ts`. */
import { invariant } from '../../core/invariant.ts'
import type { Key } from '../../core/keys/index.ts'
import type { OperatorContext } from '../operator.ts'
import type { KeyedState } from '../state/keyed-state.ts'
import type { Timer } from '../state/timers.ts'
import type { TtlTable } from '../state/ttl.ts'

export class Expiry {
  private readonly operator: OperatorContext
  private readonly state: KeyedState
  private readonly ttl: TtlTable

  /** Undefined where nothing of the step's state expires. */
  static of(operator: OperatorContext): Expiry | undefined {
    const { state } = operator
    return state?.ttl && new Expiry(operator, state, state.ttl)
  }

  private constructor(operator: OperatorContext, state: KeyedState, ttl: TtlTable) {
    invariant(state.timers !== undefined, 'X2: what expires is swept by timers')
    this.operator = operator
    this.state = state
    this.ttl = ttl
  }

  /** X1: a record's invocation begins. */
  beginRecord(): void {
    this.ttl.begin(this.recordMs, this.operator.clock)
  }

  /** X1: a timer's invocation begins. */
  beginTimer({ domain, atMs }: Timer): void {
    const { clock } = this.operator
    this.ttl.begin(domain === 'event' ? atMs : clock.reachedMs, clock)
  }

  /** The watermark, or the clock, reached the deadline of something that the current key holds. */
  sweep({ domain, atMs }: Timer): void {
    const { clock } = this.operator
    // X5: what has no deadline yet counts from the watermark.
    this.ttl.begin(clock.reachedMs, clock)
    this.ttl.sweep(domain, domain === 'event' ? atMs : clock.nowMs())
  }

  /** X4, at the end: enters the key; whether all that it held had expired before. */
  hasExpired(key: Key): boolean {
    const { clock } = this.operator
    this.state.enter(key)
    this.ttl.begin(clock.reachedMs, clock)
    this.ttl.sweep('event', clock.reachedMs)
    this.ttl.sweep('clock', clock.nowMs())
    return !this.state.current.attached
  }

  /** Of the record in hand; one that is late finds what the watermark has left. */
  private get recordMs(): number {
    const { time, clock } = this.operator
    const { watermarkMs } = clock
    if (Number.isNaN(time.recordMs)) return -Infinity
    return watermarkMs < Infinity ? Math.max(time.recordMs, watermarkMs) : time.recordMs
  }
}
