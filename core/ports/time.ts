/** Time as the engine sees it. Simulation passes virtual ones. */
export interface Clock {
  /** Milliseconds since an arbitrary start; never goes back. For durations, leases and time-outs. */
  monotonicMs(): number
  /** Milliseconds since 1970; may jump. For people, and for processing-time semantics. */
  wallMs(): number
}

export type Cancel = () => void

export interface Timers {
  /** Runs `fn` once, not before `delayMs`. */
  after(delayMs: number, fn: () => void): Cancel
  /** Runs `fn` after the event loop had a turn for I/O. */
  soon(fn: () => void): void
}
