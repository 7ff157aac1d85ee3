import type { Key } from '../../core/keys/index.ts'

/**
 * How records become one value. The engine keeps the accumulator in its state, so it must be something that a
 * checkpoint can hold: plain values, arrays, Maps, Sets, no class instances.
 */
export interface Aggregate<In, Acc, Out = Acc> {
  /** A value of no records, new at every call. */
  init(): Acc
  /** May change and return `accumulator`, or return a new one; never undefined. */
  add(accumulator: Acc, record: In): Acc
  /**
   * The value of `a`'s records followed by `b`'s. May change and return `a`; must not change `b`, nor keep a part
   * of it that `add` or `merge` would change later. Windows that overlap or that grow together need it.
   */
  merge?(a: Acc, b: Acc): Acc
  /** What is emitted; must not change the accumulator. Default: a copy of the accumulator. */
  result?(accumulator: Acc, key: Key): Out
  /**
   * False where an accumulator is about as large as its records, so that combining them before they are sent to the
   * key's task saves nothing. Default true.
   */
  readonly combines?: boolean
}

/** An aggregate with `merge`, as all of this folder are. */
export type MergeableAggregate<In, Acc, Out = Acc> = Aggregate<In, Acc, Out> &
  Required<Pick<Aggregate<In, Acc, Out>, 'merge'>>
