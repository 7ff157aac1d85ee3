/** Flows with broadcast state, whose output does not depend on what comes first, only on every task having it all. */
import {
  broadcastOperator,
  cell,
  collect,
  flow,
  fromGenerator,
  keyedBroadcastOperator,
  mapCell,
  operator,
  toJsonl,
  type Flow,
} from '../../../../index.ts'
import { share } from './shape.ts'

interface Item {
  readonly id: number
  readonly key: string
}

interface Sum {
  readonly count: number
  readonly ids: number
  /** Of the ids in the order in which they came. */
  readonly chain: number
}

interface Verdict {
  readonly key: string
  readonly sum: Sum
}

const nothing: Sum = { count: 0, ids: 0, chain: 0 }

const add = ({ count, ids, chain }: Sum, id: number): Sum => ({
  count: count + 1,
  ids: ids + id,
  chain: (chain * 31 + id + 1) % 1_000_003,
})

/** Each key says at the end what rules its task has seen. Every tenth rule throws when it has changed everything. */
const judge = keyedBroadcastOperator<string, Item, number, Verdict | string>()({
  state: { records: cell(() => 0) },
  broadcast: { rules: mapCell<number, number>(), sum: mapCell<string, Sum>() },
  onRecord(ctx, item) {
    ctx.state.records.update((count) => count + 1)
    const { rules, sum } = ctx.broadcast
    ctx.emit(`${item.id} ${rules.size === (sum.get('all') ?? nothing).count ? 'whole' : 'torn'}`)
  },
  onBroadcast(ctx, id) {
    const { rules, sum } = ctx.broadcast
    ctx.emit(`rule ${id}`)
    rules.set(id, id)
    sum.set('all', add(sum.get('all') ?? nothing, id))
    if (id % 10 !== 7) return
    rules.clear()
    throw new Error(`rule ${id}`)
  },
  onEnd: (ctx) => ctx.emit({ key: ctx.key, sum: ctx.broadcast.sum.get('all') ?? nothing }),
})

/** All tasks must have seen the rules in the same order. */
const agree = operator<string, Verdict, string>()({
  state: { first: cell<Sum>() },
  onRecord(ctx, { key, sum }) {
    const first = ctx.state.first.get() ?? sum
    ctx.state.first.set(first)
    ctx.emit(`${key} ${sum.count} ${sum.ids} ${sum.chain === first.chain ? 'as all' : 'other'}`)
  },
})

/** A keyed stream beside rules from several tasks, some of which throw: what every task makes of them is the same. */
export function ruling(size: number): Flow {
  const made = flow('ruling')
  const rules = made.source('rules', fromGenerator({ count: share(80, size), splits: 3, at: (id) => id }))
  const judged = made
    .source(
      'items',
      fromGenerator({ count: share(240, size), splits: 2, at: (id) => ({ id, key: `k${id % 13}` }) }),
    )
    .keyBy('item-key', (item) => item.key)
    .connectBroadcast('rules-to-all', rules)
    .process('judge', judge, { onError: 'dead-letter' })
  judged.deadLetters.map('brief', (letter) => letter.raw).sink('refused', toJsonl('/refused'))
  judged.filter('said', (row): row is string => typeof row === 'string').sink('said-files', toJsonl('/said'))
  judged
    .filter('verdicts', (row): row is Verdict => typeof row !== 'string')
    .keyBy('all-verdicts', (): string => 'all')
    .process('agree', agree)
    .sink('agreed', collect())
  return made
}

/** A stream without keys beside numbers that end long after it: each number is told once, whatever the tasks; and a static side. */
export function telling(size: number): Flow {
  const made = flow('telling')
  const numbers = made.source('numbers', fromGenerator({ count: share(120, size), at: (id) => id }))
  made
    .source('few', fromGenerator({ count: share(30, size), splits: 2, at: (id) => id }))
    .connectBroadcast('numbers-to-all', numbers)
    .process(
      'tell',
      broadcastOperator<number, number, string>()({
        broadcast: { last: mapCell<string, number>() },
        onRecord: (ctx, id) => ctx.emit(`few ${id}`),
        onBroadcast(ctx, id) {
          const before = ctx.broadcast.last.get('n') ?? -1
          ctx.emit(`${id} after ${before}`)
          ctx.broadcast.last.set('n', id)
        },
      }),
    )
    .joinStatic(
      'tagged',
      fromGenerator({ count: 8, at: (id) => ({ id, tag: `tag ${id}` }) }),
      { left: (text) => text.length % 10, right: (row) => row.id },
      (text, row) => `${text} ${row?.tag ?? '-'}`,
      { type: 'left' },
    )
    .sink('told', toJsonl('/told'))
  return made
}
