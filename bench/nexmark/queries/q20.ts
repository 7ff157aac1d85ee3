import { cell, coOperator, listCell } from '../../../index.ts'
import type { Auction, Bid } from '../generator/events.ts'
import type { NexmarkInput } from './input.ts'

/** Every bid on an auction of category 10, with its auction. */
export const q20 = ({ bids, auctions }: NexmarkInput) =>
  bids
    .keyBy('by-auction', ({ auction }) => auction)
    .connect(auctions.keyBy('by-id', ({ id }) => id))
    .process('expand', expand)

const expandBid = (bid: Bid, auction: Auction) => ({
  auction: bid.auction,
  bidder: bid.bidder,
  price: bid.price,
  channel: bid.channel,
  url: bid.url,
  bidDateTime: bid.dateTime,
  bidExtra: bid.extra,
  itemName: auction.itemName,
  description: auction.description,
  initialBid: auction.initialBid,
  reserve: auction.reserve,
  auctionDateTime: auction.dateTime,
  expires: auction.expires,
  seller: auction.seller,
  category: auction.category,
  auctionExtra: auction.extra,
})

/** A bid may come a little before its auction: it waits. Auctions stay for good, as in the public query. */
const expand = coOperator<number, Bid, Auction, ReturnType<typeof expandBid>>()({
  state: { auction: cell<Auction | 'other'>(), waiting: listCell<Bid>() },
  onLeft(context, bid) {
    const auction = context.state.auction.get()
    if (auction === undefined) context.state.waiting.append(bid)
    else if (auction !== 'other') context.emit(expandBid(bid, auction))
  },
  onRight(context, auction) {
    const { state } = context
    const wanted = auction.category === 10
    if (wanted) for (const bid of state.waiting.values()) context.emit(expandBid(bid, auction))
    state.auction.set(wanted ? auction : 'other')
    state.waiting.clear()
  },
})
