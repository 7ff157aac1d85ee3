/** The lowest and the highest value. */
import type { MergeableAggregate } from './aggregate.ts'
import { compareRanks, type Rank } from './ranks.ts'

/** The lowest of `of(record)`. */
export const min = <T, V extends Rank>(of: (record: T) => V): MergeableAggregate<T, V | null, V> =>
  extreme(of, -1)

/** The highest of `of(record)`. */
export const max = <T, V extends Rank>(of: (record: T) => V): MergeableAggregate<T, V | null, V> =>
  extreme(of, 1)

function extreme<T, V extends Rank>(of: (record: T) => V, sign: 1 | -1): MergeableAggregate<T, V | null, V> {
  const better = (a: V | null, b: V): V => {
    if (a === null) return compareRanks(b, b) === 0 ? b : a!
    return sign * compareRanks(b, a) > 0 ? b : a
  }
  return {
    init: () => null,
    add: (best, record) => better(best, of(record)),
    merge: (a, b) => (b === null ? a : better(a, b)),
    // A window has a record, or it would not speak.
    result: (best) => best as V,
  }
}
