/** Orders of bids, to the last field: the public queries leave open which of two equal bids comes first. */
import type { Bid } from '../generator/events.ts'

/** Of two bids in one millisecond the dearer one is the newer. */
export const isNewer = (a: Bid, b: Bid): boolean =>
  a.dateTime !== b.dateTime ? a.dateTime > b.dateTime : isDearer(a, b)

/** Of two bids of one price the older one is the better, then the one of the lower bidder. */
export function isDearer(a: Bid, b: Bid): boolean {
  if (a.price !== b.price) return a.price > b.price
  if (a.dateTime !== b.dateTime) return a.dateTime < b.dateTime
  if (a.bidder !== b.bidder) return a.bidder < b.bidder
  return a.extra > b.extra
}

/** `isDearer` as a rank. */
export const rankOfBid = ({ price, dateTime, bidder, extra }: Bid) =>
  [price, -dateTime, -bidder, extra] as const
