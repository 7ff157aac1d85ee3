/** Counts, sums and means. Numbers are float64: whole numbers are exact up to 2^53. */
import type { MergeableAggregate } from './aggregate.ts'

const plus = (a: number, b: number): number => a + b

/** How many records. */
export const count = (): MergeableAggregate<unknown, number> => ({
  init: () => 0,
  add: (n) => n + 1,
  merge: plus,
})

/** Of fractions, the last digits depend on the order of addition, hence of arrival; sum whole units where it matters. */
export const sum = <T>(of: (record: T) => number): MergeableAggregate<T, number> => ({
  init: () => 0,
  add: (total, record) => total + of(record),
  merge: plus,
})

export interface MeanAccumulator {
  sum: number
  count: number
}

/** The arithmetic mean. */
export const mean = <T>(of: (record: T) => number): MergeableAggregate<T, MeanAccumulator, number> => ({
  init: () => ({ sum: 0, count: 0 }),
  add(accumulator, record) {
    accumulator.sum += of(record)
    accumulator.count += 1
    return accumulator
  },
  merge(a, b) {
    a.sum += b.sum
    a.count += b.count
    return a
  },
  result: ({ sum, count }) => sum / count,
})
