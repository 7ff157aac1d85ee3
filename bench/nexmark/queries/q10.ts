import { dayOf, dayText, minuteText } from './calendar.ts'
import type { NexmarkInput } from './input.ts'

/** Log to files: every bid, in a folder of its day and minute. */
export const q10 = ({ bids }: NexmarkInput) =>
  bids.map('stamp', ({ auction, bidder, price, dateTime, extra }) => ({
    auction,
    bidder,
    price,
    dateTime,
    extra,
    dt: dayText(dayOf(dateTime)),
    hm: minuteText(dateTime),
  }))
