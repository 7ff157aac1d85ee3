/** Faults 65, 76 and 81: user code that throws, once or always, and that changes what it emitted. */
import { flow, fromGenerator, toJsonl } from '../../index.ts'
import { simulatedScenarios, type SimulatedEntry } from '../harness/scenario/simulated-scenarios.ts'
import type { Play, Stage } from '../harness/scenario/scenario.ts'
import { bank } from '../workloads/bank.ts'

const records = 200
const isPoison = (id: number): boolean => id % 40 === 13

/** Reads numbers, some of which cannot be parsed, with a policy. */
const parsing =
  (onError: 'fail' | 'skip' | 'dead-letter') =>
  (stage: Stage): Play => {
    const made = flow('parsing')
    const parsed = made
      .source('numbers', fromGenerator({ count: records, splits: 2, at: (id) => ({ id }) }))
      .map(
        'parse',
        ({ id }) => {
          if (isPoison(id)) throw new Error(`no number: ${id}`)
          return { id, half: id / 2 }
        },
        { onError },
      )
    parsed.sink('good', toJsonl(`${stage.folder}/good`), { parallelism: 1 })
    const ids = Array.from({ length: records }, (_, id) => id)
    const good = ids.filter((id) => !isPoison(id)).map((id) => ({ id, half: id / 2 }))
    if (onError !== 'dead-letter') return { flow: made, records, expect: { good } }
    parsed.deadLetters
      .map('brief', ({ raw }) => raw)
      .sink('bad', toJsonl(`${stage.folder}/bad`), { parallelism: 1 })
    return {
      flow: made,
      records,
      expect: { good, bad: ids.filter(isPoison).map((id) => JSON.stringify({ id })) },
    }
  }

/** Keeps a record after it was emitted, and changes it with the next one. */
const meddling = (stage: Stage): Play => {
  const made = flow('meddling')
  let last: { n: number } | undefined
  made
    .source('numbers', fromGenerator({ count: 50, at: (n) => ({ n }) }))
    .map('meddle', (record) => {
      if (last) last.n = -1
      last = { n: record.n }
      return last
    })
    .sink('out', toJsonl(`${stage.folder}/out`))
  return { flow: made, records: 50, expect: { out: Array.from({ length: 50 }, (_, n) => ({ n })) } }
}

const killed = { at: 'task.captured', role: 'worker', hit: 3 } as const

const entries: readonly SimulatedEntry[] = [
  {
    name: 'throws-once',
    faults: [76],
    promise: 'a throw that does not come again costs a restart and no record',
    simulated: [{ kind: 'throwingCode', call: 150, when: 'before' }],
  },
  {
    name: 'throws-after-its-work',
    faults: [76],
    promise: 'what a step did before it threw is undone',
    simulated: [{ kind: 'throwingCode', call: 300, when: 'after' }],
  },
  {
    name: 'poison-fails',
    faults: [65, 76],
    promise: 'a record that fails again at the same step fails the job, which shows nothing wrong',
    ends: { failsWith: 'OPERATOR_THREW' },
    play: parsing('fail'),
  },
  {
    name: 'poison-skipped',
    faults: [65],
    promise: 'exactly the failing records are left out, and the decision is part of the checkpoint',
    kill: killed,
    play: parsing('skip'),
  },
  {
    name: 'poison-set-aside',
    faults: [65],
    promise: 'exactly the failing records are dead letters, once each',
    kill: killed,
    play: parsing('dead-letter'),
  },
  {
    name: 'changes-after-emit',
    faults: [81],
    promise: 'in debug mode a record that is changed after it was emitted is an error of its step',
    run: { debug: true, fuse: false, workers: 1, parallelism: 1 },
    ends: { failsWith: 'OPERATOR_THREW' },
    play: meddling,
  },
]

export const throwing = simulatedScenarios('user-code', entries, bank())
