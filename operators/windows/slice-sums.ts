/**
 * Merged slices of one key, so that each firing of a sliding window costs a few merges, however many slices the
 * window has: two stacks (Tangwongsan, Hirzel, Schneider, "Low-latency sliding-window aggregation in worst-case
 * constant time", DEBS 2017, section 3). The front holds, for every slice of some older ones, the merge of it with
 * those up to the front's end; the back is the merge of the slices behind. A slice is merged once into each.
 *
 * Derived from the slices and never stored. Whoever changes a slice before `untilMs` throws the sums away.
 */
import { invariant } from '../../core/invariant.ts'
import type { Accumulation } from './accumulation.ts'

/** A key's slices, ordered by start. */
export interface SliceRun {
  readonly starts: readonly number[]
  readonly accumulators: readonly unknown[]
}

export class SliceSums {
  /** Slices that start before this are in the sums. */
  untilMs = -Infinity
  private readonly accumulation: Accumulation
  /** The oldest last. */
  private readonly frontStarts: number[] = []
  private readonly front: unknown[] = []
  private back: unknown

  constructor(accumulation: Accumulation) {
    this.accumulation = accumulation
  }

  /** The merge of the slices that start in [fromMs, toMs); both never go back. Not to be changed. */
  over(run: SliceRun, fromMs: number, toMs: number): unknown {
    const { front, frontStarts } = this
    invariant(toMs >= this.untilMs, 'windows fire in order')
    while (frontStarts.length > 0 && (frontStarts[frontStarts.length - 1] as number) < fromMs) {
      frontStarts.pop()
      front.pop()
    }
    if (front.length === 0) {
      this.turn(run, fromMs, toMs)
      return front[front.length - 1]
    }
    this.extend(run, toMs)
    const oldest = front[front.length - 1]
    if (this.back === undefined) return oldest
    return this.accumulation.merge(this.accumulation.copy(oldest), this.back)
  }

  /** All slices into the front, from the newest to the oldest. */
  private turn({ starts, accumulators }: SliceRun, fromMs: number, toMs: number): void {
    const { accumulation, front, frontStarts } = this
    this.back = undefined
    this.untilMs = toMs
    for (let i = indexOf(starts, toMs) - 1; i >= 0 && (starts[i] as number) >= fromMs; i -= 1) {
      const own = accumulation.copy(accumulators[i])
      frontStarts.push(starts[i] as number)
      front.push(front.length === 0 ? own : accumulation.merge(own, front[front.length - 1]))
    }
  }

  private extend({ starts, accumulators }: SliceRun, toMs: number): void {
    const { accumulation } = this
    for (let i = indexOf(starts, this.untilMs); i < starts.length && (starts[i] as number) < toMs; i += 1) {
      this.back =
        this.back === undefined
          ? accumulation.copy(accumulators[i])
          : accumulation.merge(this.back, accumulators[i])
    }
    this.untilMs = toMs
  }
}

/** Of the first slice that starts at `startMs` or later; what is asked for is near the end. */
function indexOf(starts: readonly number[], startMs: number): number {
  let index = starts.length
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
