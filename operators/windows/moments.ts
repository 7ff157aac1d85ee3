/**
 * What a moment means to the sliding windows of every key: worked out once for all keys, which mostly come to it one
 * after the other.
 */
import type { SlidingWindow } from './slice-sums.ts'
import type { Slices } from './slices.ts'

/** Everything up to and including `passedMs` is there. */
export interface Moment {
  readonly passedMs: number
  /** The window that ends with it, if one does. */
  readonly ending: SlidingWindow | undefined
  /** Slices that start before this have no window any more that is within its lateness. */
  readonly goneMs: number
  /** Slices that start at this or later have windows that have not fired. */
  readonly unfiredMs: number
  /** The first end of a window after it; −Infinity where nothing has passed yet. */
  readonly nextEndMs: number
}

export interface WindowLengths {
  readonly sizeMs: number
  readonly slideMs: number
  readonly latenessMs: number
}

/** Before the first watermark. */
const never = -Infinity
const dawn: Moment = {
  passedMs: never,
  ending: undefined,
  goneMs: never,
  unfiredMs: never,
  nextEndMs: never,
}

export class Moments {
  private readonly slices: Slices
  private readonly lengths: WindowLengths
  private last = dawn

  constructor(slices: Slices, lengths: WindowLengths) {
    this.slices = slices
    this.lengths = lengths
  }

  /** `passedMs` is a whole number or −Infinity. */
  of(passedMs: number): Moment {
    if (passedMs !== this.last.passedMs) this.last = passedMs === never ? dawn : this.made(passedMs)
    return this.last
  }

  /** The window that ends at `endMs`. */
  windowOf(endMs: number): SlidingWindow {
    const { sizeMs, slideMs } = this.lengths
    const startMs = endMs - sizeMs
    return { startMs, endMs, periodMs: this.slices.periodOf(endMs - 1), nextMs: startMs + slideMs }
  }

  private made(passedMs: number): Moment {
    const { slices } = this
    const { sizeMs, latenessMs } = this.lengths
    const endMs = passedMs + 1
    const nextEndMs = slices.windowEndAfter(endMs)
    return {
      passedMs,
      ending: slices.windowEndAfter(passedMs) === endMs ? this.windowOf(endMs) : undefined,
      goneMs: slices.windowEndAfter(endMs - latenessMs) - sizeMs,
      unfiredMs: nextEndMs - sizeMs,
      nextEndMs,
    }
  }
}
