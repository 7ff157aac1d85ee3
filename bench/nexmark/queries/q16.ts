import type { Bid } from '../generator/events.ts'
import { addBid, countsOf, noBids, type BidStatistics } from './bid-statistics.ts'
import { dayOf, dayText, minuteText } from './calendar.ts'
import type { NexmarkInput } from './input.ts'

interface ChannelDay {
  readonly found: BidStatistics
  lastMs: number
}

/** Bidding statistics of each channel and day, with the minute of the last bid. */
export const q16 = ({ bids }: NexmarkInput) =>
  bids
    .keyBy('by-channel-and-day', ({ channel, dateTime }): [string, number] => [channel, dayOf(dateTime)])
    .aggregate(
      'statistics',
      {
        init: (): ChannelDay => ({ found: noBids(), lastMs: 0 }),
        add(day: ChannelDay, bid: Bid) {
          addBid(day.found, bid)
          day.lastMs = Math.max(day.lastMs, bid.dateTime)
          return day
        },
        result({ found, lastMs }, key) {
          const [channel, day] = key as [string, number]
          return { channel, day: dayText(day), minute: minuteText(lastMs), ...countsOf(found) }
        },
      },
      { emitOn: 'end' },
    )
