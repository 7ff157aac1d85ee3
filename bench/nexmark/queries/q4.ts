import type { NexmarkInput } from './input.ts'
import { winningBids, type WinningBid } from './winning-bids.ts'

/** The average winning price of each category, in whole cents. */
export const q4 = (input: NexmarkInput) =>
  winningBids(input)
    .keyBy('by-category', ({ auction }) => auction.category)
    .aggregate(
      'average',
      {
        init: () => ({ sum: 0, count: 0 }),
        add: ({ sum, count }, { bid }: WinningBid) => ({ sum: sum + bid.price, count: count + 1 }),
        result: ({ sum, count }, category) => ({ category, average: Math.floor(sum / count) }),
      },
      { emitOn: 'end' },
    )
