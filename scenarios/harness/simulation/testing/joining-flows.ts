/** Flows of several inputs and of asynchronous calls, whose output does not depend on what comes first. */
import {
  cell,
  collect,
  coOperator,
  flow,
  fromGenerator,
  listCell,
  operator,
  sideOutput,
  toJsonl,
  tumbling,
  type Flow,
} from '../../../../index.ts'
import { share } from './shape.ts'

interface Item {
  readonly id: number
  readonly key: string
}

const spares = sideOutput<Item>('spares')

/** Every pair of a key, whichever side comes first; items of one kind are set aside. */
const pairs = coOperator<string, Item, Item, string>()({
  state: { left: listCell<number>(), right: listCell<number>(), pairs: cell(() => 0) },
  outputs: [spares],
  onLeft(ctx, item) {
    if (item.id % 9 === 4) ctx.emitTo(spares, item)
    for (const other of ctx.state.right.values()) ctx.emit(`${ctx.key} ${item.id} ${other}`)
    ctx.state.pairs.update((count) => count + ctx.state.right.length)
    ctx.state.left.append(item.id)
  },
  onRight(ctx, item) {
    for (const other of ctx.state.left.values()) ctx.emit(`${ctx.key} ${other} ${item.id}`)
    ctx.state.pairs.update((count) => count + ctx.state.left.length)
    ctx.state.right.append(item.id)
  },
  onEnd: (ctx) => ctx.emit(`${ctx.key} has ${ctx.state.pairs.get()}`),
})

/** Two inputs with shared state, one of which ends early; a stream that meets itself; a side output. */
export function pairing(size: number): Flow {
  const made = flow('pairing')
  const many = made
    .source(
      'many',
      fromGenerator({ count: share(90, size), splits: 2, at: (id) => ({ id, key: `k${id % 13}` }) }),
    )
    .keyBy('many-key', (item) => item.key)
  const few = made
    .source('few', fromGenerator({ count: share(30, size), at: (id) => ({ id, key: `k${id % 13}` }) }))
    .keyBy('few-key', (item) => item.key)
  const met = many.connect(few).process('meet', pairs)
  met.sink('files', toJsonl('/pairs'))
  met
    .sideOutput(spares)
    .map('spare', (item) => item.id)
    .sink('spare-files', toJsonl('/spares'))
  const itself = few.connect(few).process('meet-itself', pairs)
  itself.sink('values', collect())
  itself.sideOutput(spares).sink('own-spares', collect())
  return made
}

/** Passes everything; it is there to bring equal keys together. */
const pass = operator<string, Item, Item>()({ state: {}, onRecord: (ctx, item) => ctx.emit(item) })

/** Says so when a key's items come out of their order. */
const inOrder = operator<string, Item & { readonly tries: number }, string>()({
  state: { last: cell(() => -1) },
  onRecord(ctx, item) {
    ctx.emit(`${item.id} ${item.id > ctx.state.last.get() ? 'in order' : 'out of order'}`)
    ctx.state.last.set(item.id)
  },
})

/** Calls that take their time, fail, and run out of it; in order, as they are ready, and set aside. */
export function calling(size: number): Flow {
  const made = flow('calling')
  const keyed = made
    .source('items', fromGenerator({ count: share(150, size), at: (id) => ({ id, key: `k${id % 7}` }) }))
    .throttle('slowly', { perSecond: 4_000 })
    .keyBy('by-key', (item) => item.key)
    .process('pass', pass)
  keyed
    .mapAsync(
      'look-up',
      async (item, { sleep, attempt }) => {
        await sleep((item.id * 7) % 12)
        if (item.id % 10 === 3 && attempt === 1) throw new Error('try again')
        if (item.id % 10 === 6 && attempt === 1) await sleep(1_000)
        return { ...item, tries: attempt }
      },
      { inFlightMax: 6, timeoutMs: 40, retry: { attemptsMax: 3, delayMs: 5 } },
    )
    .keyBy('again', (item) => item.key)
    .process('in-order', inOrder)
    .sink('ordered', toJsonl('/ordered'))
  const quick = keyed.mapAsync(
    'as-ready',
    async (item, { sleep }) => {
      await sleep((item.id * 11) % 15)
      if (item.id % 20 === 5) throw new Error(`unlucky ${item.id}`)
      return item.id
    },
    { inFlightMax: 4, ordered: false, onError: 'dead-letter' },
  )
  quick.sink('unordered', collect())
  quick.deadLetters.map('brief', (letter) => letter.raw).sink('unlucky', toJsonl('/unlucky'))
  return made
}

interface Event extends Item {
  readonly atMs: number
}

const startMs = 1_600_000_000_000
const disorderMs = 60

const event = (id: number, atMs: number, keys: number): Event => ({
  id,
  key: `k${id % keys}`,
  atMs: startMs + atMs - ((id * 37) % disorderMs),
})

/** Joins by event time, of disordered streams: within an interval, with the version of the time, in windows. */
export function joining(size: number): Flow {
  const made = flow('joining')
  const time = { atMs: (each: Event) => each.atMs, latenessMaxMs: disorderMs, idleMs: 30 }
  const orders = made
    .source(
      'orders',
      fromGenerator({ count: share(160, size), splits: 2, at: (id) => event(id, id * 20, 6) }),
    )
    .eventTime('order-time', time)
    .keyBy('order-key', (each) => each.key)
  const rates = made
    .source('rates', fromGenerator({ count: share(60, size), at: (id) => event(id, id * 55, 5) }))
    .eventTime('rate-time', time)
    .keyBy('rate-key', (each) => each.key)
  orders
    .joinInterval(
      'near',
      rates,
      { beforeMs: 150, afterMs: 80 },
      (order, rate) => `${order?.id ?? '-'} near ${rate?.id ?? '-'}`,
      { type: 'full' },
    )
    .sink('near-files', toJsonl('/near'))
  orders
    .joinLatest('priced', rates, (order, rate) => `${order.id} at ${rate?.id ?? '-'}`, { type: 'left' })
    .sink('priced-files', toJsonl('/priced'))
  orders
    .joinWindow(
      'together',
      rates,
      tumbling({ sizeMs: 250 }),
      (order, rate, { startMs: from }) => `${order.id} with ${rate?.id ?? '-'} from ${from - startMs}`,
      { type: 'left' },
    )
    .sink('together-values', collect())
  return made
}
