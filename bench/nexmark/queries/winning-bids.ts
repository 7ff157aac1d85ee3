/** The core of q4, q6 and q9: each auction's best bid, told when the auction closes. */
import { cell, coOperator, listCell, type Stream } from '../../../index.ts'
import type { Auction, Bid } from '../generator/events.ts'
import { latenessMaxMs, type NexmarkInput } from './input.ts'
import { isDearer } from './order-bids.ts'

export interface WinningBid {
  readonly auction: Auction
  readonly bid: Bid
}

/** Of all auctions that got a bid while they were open. The results' event time is when the auction expires. */
export function winningBids({ timed }: NexmarkInput): Stream<WinningBid, 'event'> {
  const { bids, auctions } = timed
  return bids
    .keyBy('by-auction', ({ auction }) => auction)
    .connect(auctions.keyBy('by-id', ({ id }) => id))
    .process('winning', winning)
}

/** Many bids come when their auction is closed: for so long it is remembered that they are in vain. */
const closedMs = 10_000

const winning = coOperator<number, Bid, Auction, WinningBid>()({
  state: {
    auction: cell<Auction | 'closed'>(),
    best: cell<Bid>(),
    /** Bids that came before their auction, as out of order as that may be. */
    early: listCell<Bid>(),
  },
  onLeft({ state, timers }, bid) {
    const auction = state.auction.get()
    if (auction === undefined) {
      state.early.append(bid)
      // An auction that comes later than that began after all of these bids.
      timers.at('forget', bid.dateTime + latenessMaxMs)
    } else if (auction !== 'closed' && counts(bid, auction)) {
      const best = state.best.get()
      if (best === undefined || isDearer(bid, best)) state.best.set(bid)
    }
  },
  onRight({ state, timers }, auction) {
    const open = state.early.values().filter((bid) => counts(bid, auction))
    const [first, ...others] = open
    if (first) state.best.set(others.reduce((best, bid) => (isDearer(bid, best) ? bid : best), first))
    state.early.clear()
    state.auction.set(auction)
    timers.delete('forget')
    timers.at('close', auction.expires)
  },
  onTimer(context, { name }) {
    const { state, timers } = context
    const auction = state.auction.get()
    const bid = state.best.get()
    state.early.clear()
    state.best.clear()
    if (name === 'forget' || auction === undefined || auction === 'closed') {
      state.auction.clear()
      return
    }
    if (bid) context.emit({ auction, bid })
    state.auction.set('closed')
    timers.at('forget', auction.expires + closedMs)
  },
})

const counts = (bid: Bid, auction: Auction): boolean =>
  bid.dateTime >= auction.dateTime && bid.dateTime <= auction.expires
