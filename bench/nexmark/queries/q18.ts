import type { NexmarkInput } from './input.ts'
import { withoutKind } from './kind.ts'
import { isNewer } from './order-bids.ts'

/** The last bid of each bidder on each auction. */
export const q18 = ({ bids }: NexmarkInput) =>
  bids
    .keyBy('by-bidder-and-auction', ({ bidder, auction }): [number, number] => [bidder, auction])
    .reduce('last', (last, bid) => (isNewer(bid, last) ? bid : last), { emitOn: 'end' })
    .map('pick', withoutKind)
