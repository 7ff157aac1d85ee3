import type { NexmarkInput } from './input.ts'

/** Bounded side input: each bid with what a small table says of its auction. */
export const q13 = (input: NexmarkInput) =>
  input.bids.joinStatic(
    'look-up',
    input.sideInput,
    { left: ({ auction }) => auction % input.sideRows, right: ({ key }) => key },
    ({ auction, bidder, price, dateTime }, { value }) => ({ auction, bidder, price, dateTime, value }),
  )
