/**
 * What records are ranked by. Ranks of one aggregate have one type; tuples compare element by element, so a last
 * element that no two records share makes the order, and with it the result, independent of arrival.
 */
export type Rank = number | string | bigint | readonly Rank[]

/** Below 0 where `a` is lower, 0 where they are equal. Strings compare by UTF-16 code unit. */
export function compareRanks(a: Rank, b: Rank): number {
  if (typeof a === 'object' && typeof b === 'object') {
    const shared = Math.min(a.length, b.length)
    for (let i = 0; i < shared; i += 1) {
      const order = compareRanks(a[i] as Rank, b[i] as Rank)
      if (order !== 0) return order
    }
    return a.length - b.length
  }
  if (typeof a !== typeof b) throw unordered(a, b)
  if (a < b) return -1
  if (a > b) return 1
  if (a === b) return 0
  throw unordered(a, b)
}

/** NaN is refused wherever it is compared: it has no place in an order. */
const unordered = (a: Rank, b: Rank): TypeError =>
  new TypeError(
    `expected ranks of one type that have an order (numbers, strings, bigints, tuples of these), got ${show(a)} and ${show(b)}`,
  )

const show = (rank: unknown): string => `${typeof rank} ${String(rank)}`
