import type { MergeableAggregate } from './aggregate.ts'

export type Distinguished = string | number | bigint | boolean | null

/**
 * How many different values `of(record)` has: exact, so each is kept until the window is gone. 1 is not '1'.
 * Records that differ in several fields: join them to a text.
 */
export const distinct = <T>(
  of: (record: T) => Distinguished,
): MergeableAggregate<T, Set<Distinguished>, number> => ({
  init: () => new Set(),
  add(seen, record) {
    const value = of(record)
    if (typeof value === 'object' && value !== null) {
      throw new TypeError(
        'distinct needs a string, number, bigint, boolean or null of each record, got an object',
      )
    }
    return seen.add(value)
  },
  merge(a, b) {
    for (const value of b) a.add(value)
    return a
  },
  result: (seen) => seen.size,
})
