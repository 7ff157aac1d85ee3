/** Numbered streams over two keyed steps, the second slower than the first: much is on its way at any time. */
import { cell, flow, fromGenerator, operator, toJsonl, type Flow } from '../../../../index.ts'
import type { Hop } from '../../checkers/cut.ts'
import type { FlowMaker } from '../trial.ts'
import { overtaking, share } from './shape.ts'

interface Numbered {
  readonly stream: string
  readonly number: number
}

const streams = 6
const burst = 6

const numbering = operator<number, number, Numbered>()({
  state: { sent: cell(() => 0) },
  onRecord(ctx) {
    for (let i = 0; i < burst; i += 1) {
      ctx.state.sent.update((sent) => sent + 1)
      ctx.emit({ stream: `s${ctx.key}`, number: ctx.state.sent.get() })
    }
  },
})

/** A gap or a repetition is a failure of its own, wherever it comes from. */
const following = operator<string, Numbered, Numbered>()({
  state: { last: cell(() => 0) },
  onRecord(ctx, record) {
    const last = ctx.state.last.get()
    if (record.number !== last + 1) throw new Error(`${ctx.key}: ${record.number} follows ${last}`)
    ctx.state.last.set(record.number)
    if (record.number % 10 === 0) ctx.emit(record)
  },
})

/** A chain of three tasks, two of them with inputs from every task before it; a branch that has none. */
const relay =
  (name: string) =>
  (size: number): Flow => {
    const made = flow(name)
    const ids = made.source('ids', fromGenerator({ count: share(240, size), splits: 3, at: (id) => id }))
    ids
      .keyBy('by-stream', (id) => id % streams)
      .process('number', numbering)
      .keyBy('by-name', (record) => record.stream)
      .process('follow', following)
      .rebalance()
      .flatMap('spread', (record) => Array.from({ length: 3 }, (_, i) => ({ ...record, i })))
      .sink('files', toJsonl('/out'))
    ids.filter('rare', (id) => id % 30 === 0).sink('rare-files', toJsonl('/rare'))
    return made
  }

export const relaying: FlowMaker = relay('relaying')
export const relayingUnaligned: FlowMaker = Object.assign(relay('relaying-unaligned'), { run: overtaking })

interface Cells {
  readonly sent?: number
  readonly last?: number
}

/** Its one hop of numbered streams. */
export const relayHop: Hop = {
  from: 'number',
  to: 'follow',
  over: 'by-name',
  sent: ({ key, cells }) => ({ stream: `s${String(key)}`, number: (cells as Cells).sent ?? 0 }),
  received: ({ key, cells }) => ({ stream: String(key), number: (cells as Cells).last ?? 0 }),
  recordOf: (record) => record as Numbered,
}
