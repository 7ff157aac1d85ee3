import type { NexmarkInput } from './input.ts'

/** Selection: the bids on every 123rd auction. */
export const q2 = ({ bids }: NexmarkInput) =>
  bids
    .filter('every-123rd', ({ auction }) => auction % 123 === 0)
    .map('pick', ({ auction, price }) => ({ auction, price }))
