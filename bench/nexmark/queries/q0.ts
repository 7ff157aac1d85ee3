import type { NexmarkInput } from './input.ts'

/** Pass-through: what everything around a query costs. */
export const q0 = ({ bids }: NexmarkInput) =>
  bids.map('pass', ({ auction, bidder, price, dateTime, extra }) => ({
    auction,
    bidder,
    price,
    dateTime,
    extra,
  }))
