import type { NexmarkInput } from './input.ts'

/** The folders of each bid's address. */
export const q22 = ({ bids }: NexmarkInput) =>
  bids.map('folders', ({ auction, bidder, price, channel, url }) => {
    const [, , , dir1 = '', dir2 = '', dir3 = ''] = url.split('/')
    return { auction, bidder, price, channel, dir1, dir2, dir3 }
  })
