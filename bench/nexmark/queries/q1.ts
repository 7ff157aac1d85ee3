import { inEuros } from './euros.ts'
import type { NexmarkInput } from './input.ts'

/** Currency conversion. */
export const q1 = ({ bids }: NexmarkInput) =>
  bids.map('convert', ({ auction, bidder, price, dateTime, extra }) => ({
    auction,
    bidder,
    price: inEuros(price),
    dateTime,
    extra,
  }))
