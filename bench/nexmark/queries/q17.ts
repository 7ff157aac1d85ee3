import type { Bid } from '../generator/events.ts'
import { rankOf } from './bid-statistics.ts'
import { dayOf, dayText } from './calendar.ts'
import type { NexmarkInput } from './input.ts'

/** Statistics of each auction and day: bids by level of price, and their prices. */
export const q17 = ({ bids }: NexmarkInput) =>
  bids
    .keyBy('by-auction-and-day', ({ auction, dateTime }): [number, number] => [auction, dayOf(dateTime)])
    .aggregate(
      'statistics',
      {
        init: () => ({ rank1: 0, rank2: 0, rank3: 0, min: Infinity, max: 0, sum: 0 }),
        add(day, { price }: Bid) {
          day[rankOf(price)] += 1
          day.min = Math.min(day.min, price)
          day.max = Math.max(day.max, price)
          day.sum += price
          return day
        },
        result({ rank1, rank2, rank3, min, max, sum }, key) {
          const [auction, day] = key as [number, number]
          const totalBids = rank1 + rank2 + rank3
          return {
            auction,
            day: dayText(day),
            totalBids,
            rank1Bids: rank1,
            rank2Bids: rank2,
            rank3Bids: rank3,
            minPrice: min,
            maxPrice: max,
            avgPrice: Math.floor(sum / totalBids),
            sumPrice: sum,
          }
        },
      },
      { emitOn: 'end' },
    )
