/** A user's aggregate as windows call it: what it throws names the step, and it cannot leak its accumulators. */
import { copyOf } from '../../core/copy.ts'
import type { StepName } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import type { Key } from '../../core/keys/index.ts'
import type { Aggregate } from '../aggregates/aggregate.ts'
import { resultOf } from '../aggregates/result.ts'
import { operatorThrew, rejectPromise } from '../errors.ts'

export type ErasedAggregate = Aggregate<unknown, unknown, unknown>

export class Accumulation {
  private readonly step: StepName
  private readonly aggregate: ErasedAggregate

  constructor(step: StepName, aggregate: ErasedAggregate) {
    this.step = step
    this.aggregate = aggregate
  }

  /** The accumulator of one record. */
  first(record: unknown): unknown {
    try {
      const accumulator = this.aggregate.add(this.aggregate.init(), record)
      rejectPromise(this.step, accumulator)
      if (accumulator === undefined) throw new TypeError('add returned undefined; return the accumulator')
      return accumulator
    } catch (cause) {
      throw operatorThrew(this.step, cause)
    }
  }

  add(accumulator: unknown, record: unknown): unknown {
    try {
      return this.aggregate.add(accumulator, record)
    } catch (cause) {
      throw operatorThrew(this.step, cause)
    }
  }

  /** May change `a`; not `b`. */
  merge(a: unknown, b: unknown): unknown {
    const { aggregate } = this
    invariant(aggregate.merge !== undefined, 'windows that merge were refused an aggregate that cannot')
    let merged: unknown
    try {
      merged = aggregate.merge(a, b)
    } catch (cause) {
      throw operatorThrew(this.step, cause, 'the merging of a window')
    }
    // A merge may answer `b` where `a` is empty; the accumulator of another slice must not be changed through it.
    return merged === b ? copyOf(merged) : merged
  }

  /** What `merge` may change without changing `accumulator`. */
  copy(accumulator: unknown): unknown {
    if (typeof accumulator !== 'object' || accumulator === null) return accumulator
    let empty: unknown
    try {
      empty = this.aggregate.init()
    } catch (cause) {
      throw operatorThrew(this.step, cause, 'the merging of a window')
    }
    return this.merge(empty, accumulator)
  }

  result(accumulator: unknown, key: Key): unknown {
    try {
      return resultOf(this.aggregate, accumulator, key)
    } catch (cause) {
      throw operatorThrew(this.step, cause, `a window of key ${JSON.stringify(String(key))}`)
    }
  }
}
