import { checkWhole } from './errors.ts'
import type { MergeableAggregate } from './aggregate.ts'
import { compareRanks, type Rank } from './ranks.ts'

type Ranked<T> = readonly [rank: Rank, record: T]

/**
 * The `n` records of the highest rank, highest first; of equal ranks, the one that came first. Throws ConfigError
 * `OPTION_ILLEGAL`.
 */
export function topN<T>(
  n: number,
  by: (record: T) => Rank,
): MergeableAggregate<T, Ranked<T>[], readonly T[]> {
  checkWhole('n of topN', n)
  const put = (best: Ranked<T>[], ranked: Ranked<T>): void => {
    const last = best[best.length - 1]
    if (last === undefined) compareRanks(ranked[0], ranked[0])
    if (best.length === n && last && compareRanks(ranked[0], last[0]) <= 0) return
    best.splice(placeOf(best, ranked[0]), 0, ranked)
    if (best.length > n) best.pop()
  }
  return {
    init: () => [],
    add(best, record) {
      put(best, [by(record), record])
      return best
    },
    merge(a, b) {
      for (const ranked of b) put(a, ranked)
      return a
    },
    result: (best) => best.map(([, record]) => record),
  }
}

/** Behind all that are not lower. */
function placeOf(best: readonly Ranked<unknown>[], rank: Rank): number {
  let from = 0
  let to = best.length
  while (from < to) {
    const middle = (from + to) >> 1
    if (compareRanks((best[middle] as Ranked<unknown>)[0], rank) >= 0) from = middle + 1
    else to = middle
  }
  return from
}
