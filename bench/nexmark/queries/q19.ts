import { topN } from '../../../index.ts'
import type { NexmarkInput } from './input.ts'
import { withoutKind } from './kind.ts'
import { rankOfBid } from './order-bids.ts'

/** The ten highest bids of each auction. */
export const q19 = ({ bids }: NexmarkInput) =>
  bids
    .keyBy('by-auction', ({ auction }) => auction)
    .aggregate('top-ten', topN(10, rankOfBid), { emitOn: 'end' })
    .flatMap('rank', (best) => best.map((bid, place) => ({ ...withoutKind(bid), rank: place + 1 })))
