import { count, sliding, tumbling } from '../../../index.ts'
import { allHighest } from './all-highest.ts'
import type { NexmarkInput } from './input.ts'

const sizeMs = 10_000
const slideMs = 2_000

/** Hot items: every two seconds, the auctions with the most bids of the last ten. */
export const q5 = ({ timed }: NexmarkInput) =>
  timed.bids
    .keyBy('by-auction', ({ auction }) => auction)
    .window('last-ten-seconds', sliding({ sizeMs, slideMs }))
    .aggregate('count', count())
    .keyBy('all', () => 0)
    // A result's time is its window's last millisecond: those of one window, and no others, are in one slide.
    .window('of-one-window', tumbling({ sizeMs: slideMs }))
    .aggregate(
      'hottest',
      allHighest(({ value }) => value),
    )
    .flatMap('rows', ({ value }) =>
      value.map(({ key, startMs, endMs, value: bids }) => ({ auction: key, bids, startMs, endMs })),
    )
