import type { Clock, Timers } from '../ports/time.ts'

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
}

/** Timers of the event loop. They keep the process alive until they ran or were cancelled. */
export const systemTimers: Timers = {
  after(delayMs, fn) {
    const handle = setTimeout(fn, delayMs)
    return () => clearTimeout(handle)
  },
  soon(fn) {
    setImmediate(fn)
  },
}
