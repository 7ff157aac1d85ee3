import { coOperator, count, mapCell, tumbling, type WindowResult } from '../../../index.ts'
import type { Person } from '../generator/events.ts'
import type { NexmarkInput } from './input.ts'

const sizeMs = 10_000

/** New users: persons who opened auctions within the ten seconds in which they came. */
export const q8 = ({ timed }: NexmarkInput) => {
  const { persons, auctions } = timed
  const sellers = auctions
    .keyBy('by-seller', ({ seller }) => seller)
    .window('their-auctions', tumbling({ sizeMs }))
    .aggregate('sellers', count())
  return persons
    .keyBy('by-id', ({ id }) => id)
    .connect(sellers.keyBy('by-seller-again', ({ key }) => key))
    .process('new-sellers', newSellers)
}

interface NewSeller {
  readonly id: number
  readonly name: string
  readonly startMs: number
}

const newSellers = coOperator<number, Person, WindowResult<number, number>, NewSeller>()({
  /** By window: who came in it, or that auctions were opened in it, until the other is known too. */
  state: { windows: mapCell<number, { readonly name: string } | 'sold'>() },
  onLeft(context, { id, name, dateTime }) {
    const startMs = dateTime - (dateTime % sizeMs)
    if (context.state.windows.has(startMs)) context.emit({ id, name, startMs })
    else context.state.windows.set(startMs, { name })
    context.timers.at(String(startMs), startMs + sizeMs - 1)
  },
  onRight(context, { key: id, startMs }) {
    const came = context.state.windows.get(startMs)
    if (came !== undefined && came !== 'sold') context.emit({ id, name: came.name, startMs })
    else context.state.windows.set(startMs, 'sold')
    context.timers.at(String(startMs), startMs + sizeMs - 1)
  },
  onTimer({ state }, { name }) {
    state.windows.delete(Number(name))
  },
})
