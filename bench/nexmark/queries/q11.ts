import { count, session } from '../../../index.ts'
import type { NexmarkInput } from './input.ts'

/** User sessions: how many bids a user made before a pause of ten seconds. */
export const q11 = ({ timed }: NexmarkInput) =>
  timed.bids
    .keyBy('by-bidder', ({ bidder }) => bidder)
    .window('session', session({ gapMs: 10_000 }))
    .aggregate('count', count())
    .map('rows', ({ key, startMs, endMs, value }) => ({ bidder: key, bids: value, startMs, endMs }))
