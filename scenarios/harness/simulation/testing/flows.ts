/** Small flows that together use what the engine has, for its own simulations. */
import {
  cell,
  collect,
  flow,
  fromGenerator,
  operator,
  toJsonl,
  type Flow,
  type RunOptions,
} from '../../../../index.ts'
import type { FlowMaker } from '../trial.ts'
import { overtaking, share } from './shape.ts'

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
export function merging(size: number): Flow {
  const made = flow('merging')
  const long = made.source(
    'long',
    fromGenerator({ count: share(600, size), splits: 2, at: (id) => ({ id, key: `k${id % 7}` }) }),
  )
  const short = made.source(
    'short',
    fromGenerator({ count: share(20, size), at: (i) => ({ id: 1000 + i, key: `k${i % 3}` }) }),
  )
  long
    .union('both', short)
    .keyBy('by-key', (record) => record.key)
    .process('count', counts)
    .sink('files', toJsonl('/out'))
  return made
}

/** A branch that ends, and runs its `onEnd`, long before the other; a source that is empty. */
const branch =
  (name: string) =>
  (size: number): Flow => {
    const made = flow(name)
    made
      .source('early', fromGenerator({ count: share(40, size), at: (id) => ({ id, key: `e${id % 5}` }) }))
      .keyBy('early-key', (record) => record.key)
      .process('early-count', counts)
      .sink('early-files', toJsonl('/early'))
    const late = made.source(
      'late',
      fromGenerator({ count: share(500, size), at: (id) => ({ id, key: `l${id % 11}` }) }),
    )
    late
      .keyBy('late-key', (record) => record.key)
      .aggregate('late-sum', { init: () => 0, add: (sum, record) => sum + record.id }, { emitOn: 'end' })
      .sink('late-values', collect())
    late.filter('rare', (record) => record.id % 25 === 0).sink('rare-files', toJsonl('/rare'))
    made.source('empty', fromGenerator({ count: 0, at: (id) => id })).sink('nothing', toJsonl('/nothing'))
    return made
  }

export const branching: FlowMaker = branch('branching')
export const branchingUnaligned: FlowMaker = Object.assign(branch('branching-unaligned'), { run: overtaking })

/** Iterables that outgrow the outputs, records that are set aside, and a reduce that speaks at every record. */
export function spreading(size: number): Flow {
  const made = flow('spreading')
  const spread = made
    .source('seeds', fromGenerator({ count: share(60, size), splits: 3, at: (id) => id }))
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
export function small(size: number): Flow {
  const made = flow('small')
  made
    .source('numbers', fromGenerator({ count: share(40, size), at: (id) => ({ id, key: `k${id % 5}` }) }))
    .keyBy('by-key', (record) => record.key)
    .process('count', counts)
    .sink('files', toJsonl('/out'))
  return made
}

/** An asynchronous generator, spread in turn over tasks, and one whose records go to every task. */
export function sharing(size: number): Flow {
  const made = flow('sharing')
  const numbers = made.source(
    'numbers',
    fromGenerator({
      async *open(position: number | null) {
        for (let id = position ?? 0; id < share(200, size); id += 1) {
          if (id % 3 === 0) await Promise.resolve()
          yield { value: { id, key: `n${id % 5}` }, position: id + 1 }
        }
      },
    }),
  )
  const all = made
    .source(
      'all',
      fromGenerator({ count: share(30, size), at: (id) => ({ id: 2000 + id, key: `a${id % 2}` }) }),
    )
    .broadcast()
    .map('to-all', (record) => record, { parallelism: 2 })
  numbers
    .rebalance()
    .map('in-turn', (record) => ({ ...record, id: record.id * 10 }), { parallelism: 3 })
    .union('either', all)
    .keyBy('by-key', (record) => record.key)
    .process('count', counts)
    .sink('files', toJsonl('/shared'))
  return made
}

/**
 * To be run with `aborting.run`: checkpoints that mostly take longer than they may, so that staged output of several
 * waits for the first that completes (K1).
 */
export function aborting(size: number): Flow {
  const made = flow('aborting')
  const source = made.source(
    'numbers',
    fromGenerator({ count: share(300, size), at: (id) => ({ id, key: `k${id % 7}` }) }),
  )
  source.map('copy', (record) => ({ ...record })).sink('copies', toJsonl('/copies'))
  source
    .keyBy('by-key', (record) => record.key)
    .process('count', counts)
    .sink('values', collect())
  return made
}
aborting.run = {
  checkpoints: { everyMs: 5, timeoutMs: 8, failuresMax: 100_000 },
} satisfies Pick<RunOptions, 'checkpoints'>
