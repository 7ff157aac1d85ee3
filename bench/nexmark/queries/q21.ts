import type { Bid } from '../generator/events.ts'
import type { NexmarkInput } from './input.ts'

/** Each bid's channel id: of a known channel, or as its address has it; bids without either are left out. */
export const q21 = ({ bids }: NexmarkInput) =>
  bids.flatMap('channel-id', ({ auction, bidder, price, channel, url }) => {
    const channelId = channelIdOf(channel, url)
    return channelId === undefined ? [] : [{ auction, bidder, price, channel, channelId }]
  })

const known = new Map([
  ['apple', '0'],
  ['google', '1'],
  ['facebook', '2'],
  ['baidu', '3'],
])

const channelIdOf = (channel: Bid['channel'], url: Bid['url']): string | undefined =>
  known.get(channel.toLowerCase()) ?? /(&|^)channel_id=([^&]*)/.exec(url)?.[2]
