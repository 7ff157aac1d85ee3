/** Faults 15, 18, 20 and 21: workers that die in a row, together, or come back from the dead. */
import { simulatedScenarios, type SimulatedEntry } from '../harness/scenario/simulated-scenarios.ts'
import type { Play, Played, Stage } from '../harness/scenario/scenario.ts'
import { bank } from '../workloads/bank.ts'

const restartsAtMost =
  (max: number) =>
  (stage: Stage): Play => {
    const play = bank()(stage)
    const check = ({ events }: Played): readonly string[] => {
      const restarts = events.filter(({ event }) => event === 'job.restarting').length
      return restarts <= max ? [] : [`${restarts} restarts, at most ${max} were needed`]
    }
    return { ...play, check: async (played) => [...((await play.check?.(played)) ?? []), ...check(played)] }
  }

const entries: readonly SimulatedEntry[] = [
  {
    name: 'all-workers-at-once',
    faults: [15],
    promise: 'workers that die together are one restart',
    simulated: [
      { kind: 'killWorker', atMs: 110, pick: 0 },
      { kind: 'killWorker', atMs: 110.5, pick: 0 },
    ],
    play: restartsAtMost(1),
  },
  {
    name: 'workers-within-a-moment',
    faults: [15],
    promise: 'a worker that dies while the job restarts joins that restart',
    run: { workers: 3, parallelism: 3 },
    simulated: [
      { kind: 'killWorker', atMs: 110, pick: 0 },
      { kind: 'killWorker', atMs: 130, pick: 0 },
      { kind: 'killWorker', atMs: 150, pick: 0 },
    ],
    play: restartsAtMost(3),
  },
  {
    name: 'zombie-source',
    faults: [18, 106],
    promise: 'a worker that was replaced and goes on is of a stale epoch: nothing that it says counts',
    kill: { at: 'source.before-barrier', role: 'worker', hit: 3, how: 'stop', forMs: 15_000 },
  },
  {
    name: 'zombie-with-a-snapshot',
    faults: [18, 106],
    promise: 'an acknowledgement of a stale epoch changes nothing',
    kill: { at: 'task.mid-upload', role: 'worker', task: 'middle', hit: 3, how: 'stop', forMs: 15_000 },
  },
  {
    name: 'zombie-sink',
    faults: [18, 106],
    promise: 'a sink that goes on with a commit after it was replaced shows nothing twice',
    kill: { at: 'sink.mid-commit', role: 'worker', hit: 2, how: 'stop', forMs: 15_000 },
  },
  {
    name: 'notices-out-of-order',
    faults: [20],
    promise: 'notices of completion that overtake one another commit the same output',
    simulated: [{ kind: 'network', atMs: 90, forMs: 600, faults: { reorderRate: 0.5, delayMsMax: 60 } }],
  },
  {
    name: 'parent-killed-again-and-again',
    faults: [21],
    promise: 'a parent takes its workers with it, and the next run continues, however often',
    simulated: [120, 180, 300, 420].map((atMs) => ({ kind: 'killParent', atMs })),
  },
]

export const workers = simulatedScenarios('protocol', entries, bank())
