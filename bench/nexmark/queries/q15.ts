import { addBid, countsOf, noBids } from './bid-statistics.ts'
import { dayOf, dayText } from './calendar.ts'
import type { NexmarkInput } from './input.ts'

/** Bidding statistics of each day. */
export const q15 = ({ bids }: NexmarkInput) =>
  bids
    .keyBy('by-day', ({ dateTime }) => dayOf(dateTime))
    .aggregate(
      'statistics',
      {
        init: noBids,
        add: addBid,
        result: (found, day) => ({ day: dayText(Number(day)), ...countsOf(found) }),
      },
      { emitOn: 'end' },
    )
