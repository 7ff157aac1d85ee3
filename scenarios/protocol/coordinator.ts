/** Faults 7, 8, 13 and 16 to 18: the coordinator dies or stands still, alone or with a worker. */
import { scenario, type DeclaredScenario } from '../harness/scenario/scenario.ts'
import type { KillPoint } from '../harness/scenario/kill-point.ts'
import { bank } from '../workloads/bank.ts'

interface Entry {
  readonly name: string
  readonly faults: readonly number[]
  readonly promise: string
  readonly kill: KillPoint | readonly KillPoint[]
}

const entries: readonly Entry[] = [
  {
    name: 'coordinator-before-manifest',
    faults: [7, 16],
    promise: 'without its manifest a checkpoint is none: the one before stands',
    kill: { at: 'coordinator.all-acknowledged', role: 'parent', hit: 2 },
  },
  {
    name: 'coordinator-between-manifest-and-notice',
    faults: [8, 16],
    promise: 'the manifest decides: whoever takes over commits that checkpoint',
    kill: { at: 'coordinator.manifest-written', role: 'parent', hit: 2 },
  },
  {
    name: 'coordinator-after-notice',
    faults: [9, 16],
    promise: 'sinks that were told and sinks that were not end with the same output',
    kill: { at: 'coordinator.told-some', role: 'parent', hit: 2 },
  },
  {
    name: 'coordinator-while-sinks-commit',
    faults: [10, 16],
    promise: 'a takeover finishes the commits',
    kill: { at: 'sink.mid-commit', role: 'parent', hit: 2 },
  },
  {
    name: 'coordinator-after-commit',
    faults: [11, 16],
    promise: 'a takeover commits nothing twice',
    kill: { at: 'sink.committed', role: 'parent', hit: 2 },
  },
  {
    name: 'coordinator-before-finished',
    faults: [16],
    promise: 'a job whose end was not written is ended by the next run, with nothing new to show',
    kill: { at: 'coordinator.before-finished', role: 'parent' },
  },
  {
    name: 'worker-and-coordinator',
    faults: [13],
    promise: 'the job goes on where both died',
    kill: [
      { at: 'task.uploaded', role: 'worker', hit: 4 },
      { at: 'task.restoring', role: 'parent', hit: 10 },
    ],
  },
  {
    name: 'coordinator-stopped-before-manifest',
    faults: [17],
    promise: 'an old coordinator that goes on finds its slot taken and changes nothing',
    kill: { at: 'coordinator.all-acknowledged', role: 'parent', hit: 2, how: 'stop', forMs: 400 },
  },
  {
    name: 'coordinator-stopped-after-manifest',
    faults: [17],
    promise: 'an old coordinator that goes on tells what is complete, and then no more',
    kill: { at: 'coordinator.manifest-written', role: 'parent', hit: 2, how: 'stop', forMs: 400 },
  },
]

export const coordinator: readonly DeclaredScenario[] = entries.map(({ name, faults, promise, kill }) =>
  scenario(name, { group: 'protocol', faults, promise, module: import.meta.url, kill }, bank()),
)
