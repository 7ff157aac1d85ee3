import { hourOf } from './calendar.ts'
import { inEuros } from './euros.ts'
import type { NexmarkInput } from './input.ts'

/** Calculation: bids of a million to fifty, with the time of day and the letters c in their padding. */
export const q14 = ({ bids }: NexmarkInput) =>
  bids
    .filter('in-range', ({ price }) => inEuros(price) > 1_000_000 && inEuros(price) < 50_000_000)
    .map('calculate', ({ auction, bidder, price, dateTime, extra }) => ({
      auction,
      bidder,
      price: inEuros(price),
      bidTimeType: timeType(hourOf(dateTime)),
      dateTime,
      extra,
      letters: countOf('c', extra),
    }))

function timeType(hour: number): string {
  if (hour >= 8 && hour <= 18) return 'dayTime'
  return hour <= 6 || hour >= 20 ? 'nightTime' : 'otherTime'
}

function countOf(letter: string, text: string): number {
  let count = 0
  for (let at = text.indexOf(letter); at >= 0; at = text.indexOf(letter, at + 1)) count += 1
  return count
}
