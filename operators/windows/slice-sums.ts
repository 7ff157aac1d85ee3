/**
 * Merged slices of one key, so that each firing of a sliding window costs a few merges, however many slices the
 * window has. Time is cut into periods of a window's size, so a window is the end of one period and the beginning of
 * the next (van Herk, "A fast algorithm for local minimum and maximum filters on rectangular and octagonal kernels",
 * Pattern Recognition Letters 1992, section 2; two stacks that always turn at the same times: Tangwongsan, Hirzel,
 * Schneider, "Low-latency sliding-window aggregation in worst-case constant time", DEBS 2017, section 3). The front
 * holds, for every slice left of the older period, the merge of it with those behind it; the back is the merge of
 * what the newer period has so far. A slice is merged once into each, and front and back once a window.
 *
 * - Derived from the slices and never stored. Whoever changes a slice before `untilMs` throws the sums away.
 * - In which order a window's slices are merged depends on nothing but their times: sums of fractions are the same to
 *   the last digit whether or not the job was restored in between.
 */
import { invariant } from '../../core/invariant.ts'
import type { Accumulation } from './accumulation.ts'

/** A key's slices, ordered by start. */
export interface SliceRun {
  readonly starts: readonly number[]
  readonly accumulators: readonly unknown[]
}

/** One of the overlapping windows; the same object for every key. */
export interface SlidingWindow {
  readonly startMs: number
  readonly endMs: number
  /** Where the period begins that its last millisecond is in. */
  readonly periodMs: number
  /** The next window starts here. */
  readonly nextMs: number
}

export class SliceSums {
  private readonly accumulation: Accumulation
  /** The newest window that was asked for. */
  private last: SlidingWindow | undefined
  /** Of the older period, from its newest slice to its oldest. */
  private readonly front: unknown[] = []
  private back: unknown
  /** Slices in the back. */
  private behind = 0

  constructor(accumulation: Accumulation) {
    this.accumulation = accumulation
  }

  /** Slices that start before this are in the sums. */
  get untilMs(): number {
    return this.last?.endMs ?? -Infinity
  }

  /**
   * The merge of a window's slices, [from, to) of the run by index and at least one; each window at most once, in
   * order. Not to be changed.
   */
  over(run: SliceRun, from: number, to: number, window: SlidingWindow): unknown {
    const { front, accumulation, last } = this
    invariant(last === undefined || window.endMs > last.endMs, 'windows fire in order')
    const turns = last?.periodMs !== window.periodMs
    if (turns) this.turn(run, from, to, window.periodMs)
    this.extend(run, turns ? window.periodMs : last.endMs, to)
    this.last = window
    const ahead = to - from - this.behind
    while (front.length > ahead) front.pop()
    if (ahead === 0) return this.back
    if (this.behind === 0) return front[ahead - 1]
    // What no later window asks for need not be kept as it is.
    const isLast = (run.starts[from] as number) < window.nextMs
    return accumulation.merge(isLast ? front.pop() : accumulation.copy(front[ahead - 1]), this.back)
  }

  /** A new period: what was the back is the front, from the newest slice to the oldest. */
  private turn({ starts, accumulators }: SliceRun, from: number, to: number, periodMs: number): void {
    const { accumulation, front } = this
    front.length = 0
    for (let i = indexOf(starts, periodMs, to) - 1; i >= from; i -= 1) {
      const own = accumulation.copy(accumulators[i])
      front.push(front.length === 0 ? own : accumulation.merge(own, front[front.length - 1]))
    }
    this.back = undefined
    this.behind = 0
  }

  /** Into the back, the slices that start at `sinceMs` or later. */
  private extend({ starts, accumulators }: SliceRun, sinceMs: number, to: number): void {
    const { accumulation } = this
    for (let i = indexOf(starts, sinceMs, to); i < to; i += 1) {
      this.back =
        this.behind === 0
          ? accumulation.copy(accumulators[i])
          : accumulation.merge(this.back, accumulators[i])
      this.behind += 1
    }
  }
}

/** Of the first slice that starts at `startMs` or later, else `to`; what is asked for is near there. */
function indexOf(starts: readonly number[], startMs: number, to: number): number {
  let index = to
  while (index > 0 && (starts[index - 1] as number) >= startMs) index -= 1
  return index
}

/** The same of slices [from, to) by index, without anything kept. Not to be changed. */
export function sumOf(accumulation: Accumulation, run: SliceRun, from: number, to: number): unknown {
  const { accumulators } = run
  if (to - from === 1) return accumulators[from]
  let sum = accumulation.copy(accumulators[from])
  for (let i = from + 1; i < to; i += 1) sum = accumulation.merge(sum, accumulators[i])
  return sum
}
