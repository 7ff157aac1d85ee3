import { count, tumbling } from '../../../index.ts'
import type { NexmarkInput } from './input.ts'

const windows = tumbling({ sizeMs: 10_000 })

/** New users: persons who opened auctions within the ten seconds in which they came. */
export const q8 = ({ timed }: NexmarkInput) => {
  const { persons, auctions } = timed
  const sellers = auctions
    .keyBy('by-seller', ({ seller }) => seller)
    .window('their-auctions', windows)
    .aggregate('sellers', count())
    .keyBy('by-seller-again', ({ key }) => key)
  return persons
    .keyBy('by-id', ({ id }) => id)
    .joinWindow('new-sellers', sellers, windows, ({ id, name }, _, { startMs }) => ({ id, name, startMs }))
}
