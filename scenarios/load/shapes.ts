/** Faults 58, 62 and 63: inputs of uneven shape. */
import { flow, fromGenerator, toJsonl } from '../../index.ts'
import { scenario, type DeclaredScenario, type Play, type Stage } from '../harness/scenario/scenario.ts'
import { bank } from '../workloads/bank.ts'

interface Numbered {
  readonly id: number
}

/** Indexes as they are, a few at a time, so that a small input meets several checkpoints. */
const paced = <T>(stage: Stage, count: number, splits: number, every: number, at: (index: number) => T) =>
  fromGenerator<T, number>({
    splits,
    async *open(position, split) {
      for (let i = position ?? 0; i * splits + split < count; i += 1) {
        if (i % every === 0) await stage.breathe()
        yield { value: at(i * splits + split), position: i + 1 }
      }
    },
  })

/** A long source, a short one, and one without a record, in one keyed sum. */
const uneven = (stage: Stage): Play => {
  const made = flow('uneven')
  const source = (name: string, first: number, count: number) =>
    made.source(
      name,
      paced(stage, count, 1, 10, (index): Numbered => ({ id: first + index })),
    )
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

const seeds = 60
const burst = 100

/** Every record becomes a hundred at once, each of them as long as a small document. */
const bursts = (stage: Stage): Play => {
  const made = flow('bursts')
  made
    .source(
      'seeds',
      paced(stage, seeds, 2, 1, (seed) => seed),
    )
    .flatMap('burst', (seed) =>
      Array.from({ length: burst }, (_, index) => ({ id: seed * burst + index, text: text(seed) })),
    )
    .keyBy('by-rest', ({ id }) => id % 5)
    .reduce('last', (_before, record) => record)
    .map('short', ({ id, text: { length } }) => ({ id, length }))
    .sink('out', toJsonl(`${stage.folder}/out`), { parallelism: 1 })
  const rows = Array.from({ length: seeds * burst }, (_, id) => ({
    id,
    length: text(Math.floor(id / burst)).length,
  }))
  return { flow: made, records: seeds, expect: { out: rows } }
}

const text = (seed: number): string => 'x'.repeat(1_000 + seed)

interface Entry {
  readonly name: string
  readonly fault: number
  readonly promise: string
  readonly play: (stage: Stage) => Play
}

const entries: readonly Entry[] = [
  {
    name: 'one-hot-key',
    fault: 58,
    promise: 'a single key for all records is one task busy and nothing worse',
    play: bank({ accounts: 1 }),
  },
  {
    name: 'uneven-sources',
    fault: 63,
    promise: 'empty and ended sources hold up neither checkpoints nor the end',
    play: uneven,
  },
  {
    name: 'bursts',
    fault: 62,
    promise: 'a record that becomes a hundred is bounded by the outputs, and shown once each',
    play: bursts,
  },
]

export const shapes: readonly DeclaredScenario[] = entries.map(({ name, fault, promise, play }) =>
  scenario(
    name,
    {
      group: 'load',
      faults: [fault],
      promise,
      module: import.meta.url,
      kill: [
        { at: 'task.uploaded', role: 'worker', hit: 3 },
        { at: 'task.captured', role: 'worker', task: 'last', hit: 2 },
      ],
    },
    play,
  ),
)
