import { tumbling } from '../../../index.ts'
import { allHighest } from './all-highest.ts'
import type { NexmarkInput } from './input.ts'

/** The highest bid of every ten seconds; all of them where several share the price. */
export const q7 = ({ timed }: NexmarkInput) =>
  timed.bids
    .map('pick', ({ auction, bidder, price, dateTime, extra }) => ({
      auction,
      bidder,
      price,
      dateTime,
      extra,
    }))
    .keyBy('all', () => 0)
    .window('ten-seconds', tumbling({ sizeMs: 10_000 }))
    .aggregate(
      'highest',
      allHighest(({ price }) => price),
    )
    .flatMap('rows', ({ value }) => value)
