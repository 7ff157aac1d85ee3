/** Small flows that together use what the engine has, for its own simulations. */
import { cell, collect, flow, fromGenerator, operator, toJsonl, type Flow } from '../../../../index.ts'

interface Item {
  readonly id: number
  readonly key: string
}

interface Count {
  readonly key: string
  readonly at: number
  readonly last: boolean
}

const counts = operator<string, Item, Count>()({
  state: { count: cell(() => 0) },
  onRecord(ctx, record) {
    ctx.state.count.update((count) => count + 1)
    if (record.id % 10 === 0) ctx.emit({ key: ctx.key, at: record.id, last: false })
  },
  onEnd(ctx) {
    ctx.emit({ key: ctx.key, at: ctx.state.count.get(), last: true })
  },
})

/** Two sources into one keyed step, one of which ends early; output at every checkpoint and at the end. */
export function merging(): Flow {
  const made = flow('merging')
  const long = made.source(
    'long',
    fromGenerator({ count: 600, splits: 2, at: (id) => ({ id, key: `k${id % 7}` }) }),
  )
  const short = made.source(
    'short',
    fromGenerator({ count: 20, at: (i) => ({ id: 1000 + i, key: `k${i % 3}` }) }),
  )
  long
    .union('both', short)
    .keyBy('by-key', (record) => record.key)
    .process('count', counts)
    .sink('files', toJsonl('/out'))
  return made
}

/** A branch that ends, and runs its `onEnd`, long before the other; a source that is empty. */
export function branching(): Flow {
  const made = flow('branching')
  made
    .source('early', fromGenerator({ count: 40, at: (id) => ({ id, key: `e${id % 5}` }) }))
    .keyBy('early-key', (record) => record.key)
    .process('early-count', counts)
    .sink('early-files', toJsonl('/early'))
  const late = made.source('late', fromGenerator({ count: 500, at: (id) => ({ id, key: `l${id % 11}` }) }))
  late
    .keyBy('late-key', (record) => record.key)
    .aggregate('late-sum', { init: () => 0, add: (sum, record) => sum + record.id }, { emitOn: 'end' })
    .sink('late-values', collect())
  late.filter('rare', (record) => record.id % 25 === 0).sink('rare-files', toJsonl('/rare'))
  made.source('empty', fromGenerator({ count: 0, at: (id) => id })).sink('nothing', toJsonl('/nothing'))
  return made
}

/** Iterables that outgrow the outputs, records that are set aside, and a reduce that speaks at every record. */
export function spreading(): Flow {
  const made = flow('spreading')
  const spread = made
    .source('seeds', fromGenerator({ count: 60, splits: 3, at: (id) => id }))
    .flatMap('spread', (id) => Array.from({ length: 12 }, (_, i) => ({ id: id * 12 + i, key: `s${i % 4}` })))
  const checked = spread.map(
    'check',
    (record) => {
      if (record.id % 50 === 7) throw new Error(`unlucky ${record.id}`)
      return record
    },
    { onError: 'dead-letter' },
  )
  checked.deadLetters.map('brief', (letter) => letter.raw).sink('unlucky', toJsonl('/unlucky'))
  checked
    .keyBy('by-key', (record) => record.key)
    .reduce('highest', (a, b) => (a.id > b.id ? a : b), { emitOn: 'end' })
    .sink('highest-values', collect())
  return made
}

/** The smallest flow with everything in it: source, exchange by key, keyed state, exactly-once sink. */
export function small(): Flow {
  const made = flow('small')
  made
    .source('numbers', fromGenerator({ count: 40, at: (id) => ({ id, key: `k${id % 5}` }) }))
    .keyBy('by-key', (record) => record.key)
    .process('count', counts)
    .sink('files', toJsonl('/out'))
  return made
}
