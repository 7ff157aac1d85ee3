import { cell, listCell, operator } from '../../../index.ts'
import type { NexmarkInput } from './input.ts'
import { winningBids } from './winning-bids.ts'

interface Sale {
  readonly seller: number
  readonly auction: number
  readonly closedMs: number
  readonly price: number
}

interface SellerAverage {
  readonly seller: number
  /** The auction that closed. */
  readonly auction: number
  /** Of the last ten prices, in whole cents. */
  readonly average: number
}

/** After each closing, the average price of the seller's last ten auctions. */
export const q6 = (input: NexmarkInput) =>
  winningBids(input)
    .map('sale', ({ auction, bid }): Sale => ({
      seller: auction.seller,
      auction: auction.id,
      closedMs: auction.expires,
      price: bid.price,
    }))
    .keyBy('by-seller', ({ seller }) => seller)
    .process('last-ten', lastTen)

/** Sales come from several tasks: they wait until the watermark says that no earlier one is to come. */
const lastTen = operator<number, Sale, SellerAverage>()({
  state: { waiting: listCell<Sale>(), prices: cell<number[]>(() => []) },
  onRecord({ state, timers }, sale) {
    state.waiting.append(sale)
    timers.at(String(sale.closedMs), sale.closedMs)
  },
  onTimer(context, { atMs }) {
    const { waiting, prices } = context.state
    const sales = [...waiting.values()]
    waiting.clear()
    for (const sale of sales) if (sale.closedMs > atMs) waiting.append(sale)
    const closed = sales.filter(({ closedMs }) => closedMs <= atMs)
    for (const { seller, auction, price } of closed.sort(byClosing)) {
      const last = [...prices.get(), price].slice(-10)
      prices.set(last)
      const average = Math.floor(last.reduce((sum, each) => sum + each, 0) / last.length)
      context.emit({ seller, auction, average })
    }
  },
})

const byClosing = (a: Sale, b: Sale): number => a.closedMs - b.closedMs || a.auction - b.auction
