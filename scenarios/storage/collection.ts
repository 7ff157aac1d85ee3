/** Fault 50: with a single checkpoint kept, what is obsolete is deleted while others restore. */
import { scenario, type DeclaredScenario } from '../harness/scenario/scenario.ts'
import type { KillPoint } from '../harness/scenario/kill-point.ts'
import { bank } from '../workloads/bank.ts'

interface Entry {
  readonly name: string
  readonly promise: string
  readonly kill: readonly KillPoint[]
}

const entries: readonly Entry[] = [
  {
    name: 'collected-while-restoring',
    promise: 'with a single checkpoint kept, a restore still finds all that it refers to',
    kill: [
      { at: 'coordinator.told-some', role: 'worker', how: 'throw', hit: 1 },
      { at: 'task.restoring', role: 'worker', hit: 10 },
      { at: 'coordinator.told-some', role: 'parent', hit: 3 },
    ],
  },
  {
    name: 'collector-stood-still',
    promise: 'a coordinator that goes on with its collection after another restored takes nothing from it',
    kill: [
      { at: 'coordinator.told-some', role: 'parent', hit: 2, how: 'stop', forMs: 400 },
      { at: 'task.uploaded', role: 'worker', task: 'middle', hit: 18 },
    ],
  },
]

export const collection: readonly DeclaredScenario[] = entries.map(({ name, promise, kill }) =>
  scenario(
    name,
    {
      group: 'storage',
      faults: [50],
      promise,
      module: import.meta.url,
      run: { checkpoints: { keep: 1 } },
      kill,
    },
    // Enough that state is in files of its own.
    bank({ transfers: 480, padChars: 20_000 }),
  ),
)
