import type { NexmarkInput } from './input.ts'
import { withoutKind } from './kind.ts'
import { winningBids } from './winning-bids.ts'

/** The winning bid of each auction, when it closes. */
export const q9 = (input: NexmarkInput) =>
  winningBids(input).map('pick', ({ auction, bid }) => ({
    ...withoutKind(auction),
    auction: bid.auction,
    bidder: bid.bidder,
    price: bid.price,
    bidDateTime: bid.dateTime,
    bidExtra: bid.extra,
  }))
