import { cell, coOperator, listCell } from '../../../index.ts'
import type { Bid } from '../generator/events.ts'
import type { NexmarkInput, SideRow } from './input.ts'

/** Bounded side input: each bid with what a small table says of its auction. */
export const q13 = (input: NexmarkInput) =>
  input.bids
    .keyBy('by-auction', ({ auction }) => auction % input.sideRows)
    .connect(input.sideInput.keyBy('by-key', ({ key }) => key))
    .process('look-up', lookUp)

const enrich = ({ auction, bidder, price, dateTime }: Bid, value: string) => ({
  auction,
  bidder,
  price,
  dateTime,
  value,
})

/** The table is read while bids come already: these wait for their row. */
const lookUp = coOperator<number, Bid, SideRow, ReturnType<typeof enrich>>()({
  state: { value: cell<string>(), waiting: listCell<Bid>() },
  onLeft(context, bid) {
    const value = context.state.value.get()
    if (value === undefined) context.state.waiting.append(bid)
    else context.emit(enrich(bid, value))
  },
  onRight(context, { value }) {
    const { state } = context
    for (const bid of state.waiting.values()) context.emit(enrich(bid, value))
    state.waiting.clear()
    state.value.set(value)
  },
})
