/** Faults 58, 62 and 63: inputs of uneven shape. */
import { flow, fromGenerator, toJsonl } from '../../index.ts'
import { simulatedScenarios, type SimulatedEntry } from '../harness/scenario/simulated-scenarios.ts'
import type { Play, Stage } from '../harness/scenario/scenario.ts'
import { bank } from '../workloads/bank.ts'

const killed = { at: 'task.uploaded', role: 'worker', hit: 3 } as const

interface Numbered {
  readonly id: number
}

/** A long source, a short one, and one without a record, in one keyed sum. */
const uneven = (stage: Stage): Play => {
  const made = flow('uneven')
  const source = (name: string, first: number, count: number) =>
    made.source(name, fromGenerator({ count, at: (index): Numbered => ({ id: first + index }) }))
  const long = source('long', 0, 200)
  source('nothing', 0, 0).sink('nowhere', toJsonl(`${stage.folder}/nothing`))
  long
    .union('both', source('short', 1_000, 5))
    .union('all', source('empty', 0, 0))
    .keyBy('by-rest', ({ id }) => id % 3)
    .aggregate('sum', { init: () => 0, add: (sum, { id }: Numbered) => sum + id }, { emitOn: 'end' })
    .map('row', (sum) => ({ sum }))
    .sink('out', toJsonl(`${stage.folder}/out`), { parallelism: 1 })
  const ids = [...Array(200).keys(), ...Array.from({ length: 5 }, (_, index) => 1_000 + index)]
  const sums = [0, 1, 2].map((rest) => ({
    sum: ids.filter((id) => id % 3 === rest).reduce((sum, id) => sum + id, 0),
  }))
  return { flow: made, records: 205, expect: { out: sums, nothing: [] } }
}

/** One record becomes a hundred. */
const bursts = (stage: Stage): Play => {
  const made = flow('bursts')
  made
    .source('seeds', fromGenerator({ count: 20, splits: 2, at: (seed) => seed }))
    .flatMap('burst', (seed) => Array.from({ length: 100 }, (_, index) => ({ id: seed * 100 + index })))
    .keyBy('by-rest', ({ id }) => id % 5)
    .reduce('last', (_before, record) => record)
    .sink('out', toJsonl(`${stage.folder}/out`), { parallelism: 1 })
  const rows = Array.from({ length: 2_000 }, (_, id) => ({ id }))
  return { flow: made, records: 20, expect: { out: rows } }
}

const entries: readonly SimulatedEntry[] = [
  {
    name: 'one-hot-key',
    faults: [58],
    promise: 'a single key for all records is one task busy and nothing worse',
    kill: killed,
    play: bank({ accounts: 1 }),
  },
  {
    name: 'uneven-sources',
    faults: [63],
    promise: 'empty and ended sources hold up neither checkpoints nor the end',
    kill: killed,
    play: uneven,
  },
  {
    name: 'bursts',
    faults: [62],
    promise: 'a record that becomes a hundred is bounded by the outputs, and shown once each',
    kill: killed,
    play: bursts,
  },
]

export const shapes = simulatedScenarios('load', entries, bank())
