import { count, tumbling } from '../../../index.ts'
import type { NexmarkInput } from './input.ts'

/** How many bids a user makes in every ten seconds of processing time. */
export const q12 = ({ bids }: NexmarkInput) =>
  bids
    .keyBy('by-bidder', ({ bidder }) => bidder)
    .window('ten-seconds', tumbling({ sizeMs: 10_000, time: 'clock' }))
    .aggregate('count', count())
    .map('rows', ({ key, startMs, endMs, value }) => ({ bidder: key, bids: value, startMs, endMs }))
