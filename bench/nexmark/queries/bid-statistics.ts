/** The counts that q15 and q16 share: bids, bidders and auctions, in all and by level of price. */
import type { Bid } from '../generator/events.ts'

/** Of one id, which levels it was seen at: 1, 2 and 4. */
type Seen = Map<number, number>

export interface BidStatistics {
  readonly bids: { rank1: number; rank2: number; rank3: number }
  readonly bidders: Seen
  readonly auctions: Seen
}

export const noBids = (): BidStatistics => ({
  bids: { rank1: 0, rank2: 0, rank3: 0 },
  bidders: new Map(),
  auctions: new Map(),
})

export type Rank = 'rank1' | 'rank2' | 'rank3'
const bits = { rank1: 1, rank2: 2, rank3: 4 } as const

export const rankOf = (price: number): Rank =>
  price < 10_000 ? 'rank1' : price < 1_000_000 ? 'rank2' : 'rank3'

export function addBid(statistics: BidStatistics, { price, bidder, auction }: Bid): BidStatistics {
  const rank = rankOf(price)
  statistics.bids[rank] += 1
  see(statistics.bidders, bidder, bits[rank])
  see(statistics.auctions, auction, bits[rank])
  return statistics
}

function see(seen: Seen, id: number, bit: number): void {
  const before = seen.get(id) ?? 0
  if ((before & bit) === 0) seen.set(id, before | bit)
}

export const countsOf = ({ bids, bidders, auctions }: BidStatistics) => ({
  totalBids: bids.rank1 + bids.rank2 + bids.rank3,
  rank1Bids: bids.rank1,
  rank2Bids: bids.rank2,
  rank3Bids: bids.rank3,
  totalBidders: bidders.size,
  rank1Bidders: countWith(bidders, bits.rank1),
  rank2Bidders: countWith(bidders, bits.rank2),
  rank3Bidders: countWith(bidders, bits.rank3),
  totalAuctions: auctions.size,
  rank1Auctions: countWith(auctions, bits.rank1),
  rank2Auctions: countWith(auctions, bits.rank2),
  rank3Auctions: countWith(auctions, bits.rank3),
})

function countWith(seen: Seen, bit: number): number {
  let count = 0
  for (const found of seen.values()) if ((found & bit) !== 0) count += 1
  return count
}
