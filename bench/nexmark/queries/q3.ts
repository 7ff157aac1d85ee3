import { cell, coOperator, listCell } from '../../../index.ts'
import type { Auction, Person } from '../generator/events.ts'
import type { NexmarkInput } from './input.ts'

type Seller = Pick<Person, 'name' | 'city' | 'state'>

const near = new Set(['OR', 'ID', 'CA'])

/** Local item suggestion: who sells in Oregon, Idaho or California, in category 10, and which auctions. */
export const q3 = ({ auctions, persons }: NexmarkInput) =>
  auctions
    .filter('category-10', ({ category }) => category === 10)
    .keyBy('by-seller', ({ seller }) => seller)
    .connect(persons.keyBy('by-person', ({ id }) => id))
    .process('sellers', sellers)

/** An auction may come a little before its seller: it waits. */
const sellers = coOperator<number, Auction, Person, Seller & { id: number }>()({
  state: { seller: cell<Seller | 'elsewhere'>(), waiting: listCell<number>() },
  onLeft(context, { id }) {
    const seller = context.state.seller.get()
    if (seller === undefined) context.state.waiting.append(id)
    else if (seller !== 'elsewhere') context.emit({ ...seller, id })
  },
  onRight(context, { name, city, state }) {
    const { seller, waiting } = context.state
    const found = near.has(state) ? { name, city, state } : 'elsewhere'
    if (found !== 'elsewhere') for (const id of waiting.values()) context.emit({ ...found, id })
    seller.set(found)
    waiting.clear()
  },
})
