/** Faults 1 to 12: a process dies at a moment of a checkpoint, in the first, a middle and the last task. */
import type { FailpointName } from '../../core/ports/failpoints.ts'
import type { TaskPosition } from '../harness/scenario/kill-point.ts'
import { scenario, type DeclaredScenario } from '../harness/scenario/scenario.ts'
import { bank } from '../workloads/bank.ts'

interface Moment {
  readonly fault: number
  readonly name: string
  readonly at: FailpointName
  readonly tasks: readonly TaskPosition[]
  readonly promise: string
  /** Default: in the second checkpoint; the last task is one, the others are two. */
  readonly hit?: number
  /** C4: barriers overtake as soon as they can. */
  readonly unaligned?: boolean
}

const all: readonly TaskPosition[] = ['first', 'middle', 'last']

const moments: readonly Moment[] = [
  {
    fault: 1,
    name: 'before-barrier',
    at: 'source.before-barrier',
    tasks: ['first'],
    promise: 'the checkpoint is given up, and what was read since the one before is read again',
  },
  {
    fault: 2,
    name: 'barrier-on-some-outputs',
    at: 'task.barrier-partly-sent',
    tasks: ['first', 'middle'],
    promise: 'no task restores what only some were told to capture',
  },
  {
    fault: 3,
    name: 'mid-alignment',
    at: 'task.mid-alignment',
    tasks: ['middle', 'last'],
    promise: 'records that waited behind a barrier are neither lost nor counted twice',
  },
  {
    fault: 4,
    name: 'captured',
    at: 'task.captured',
    tasks: all,
    promise: 'a snapshot that is only in memory is nothing',
  },
  {
    fault: 4,
    name: 'overtaken',
    at: 'task.overtaken',
    tasks: ['middle', 'last'],
    promise: 'what a barrier overtook is channel state: neither lost nor counted twice',
    unaligned: true,
  },
  {
    fault: 5,
    name: 'mid-upload',
    at: 'task.mid-upload',
    tasks: all,
    promise: 'half of a snapshot is nothing, and what was stored of it is collected',
  },
  {
    fault: 6,
    name: 'uploaded',
    at: 'task.uploaded',
    tasks: all,
    promise: 'a snapshot that nobody acknowledged is nothing',
  },
  {
    fault: 6,
    name: 'uploaded-unaligned',
    at: 'task.uploaded',
    tasks: all,
    promise: 'channel state that nobody acknowledged is nothing',
    unaligned: true,
  },
  {
    fault: 9,
    name: 'before-commit',
    at: 'sink.before-commit',
    tasks: ['last'],
    promise: 'a complete checkpoint is committed by whoever restores it',
    hit: 2,
  },
  {
    fault: 10,
    name: 'mid-commit',
    at: 'sink.mid-commit',
    tasks: ['last'],
    promise: 'a commit that was begun is finished, and shows nothing twice',
    hit: 2,
  },
  {
    fault: 11,
    name: 'committed',
    at: 'sink.committed',
    tasks: ['last'],
    promise: 'what is committed is not committed again',
    hit: 2,
  },
  {
    fault: 12,
    name: 'restoring',
    at: 'task.restoring',
    tasks: all,
    promise: 'a restore can be repeated',
    hit: 1,
  },
]

export const stepsOfACheckpoint: readonly DeclaredScenario[] = moments.flatMap(
  ({ fault, name, at, tasks, promise, hit, unaligned = false }) =>
    tasks.map((task) =>
      scenario(
        `${name}-${task}`,
        {
          group: 'protocol',
          faults: [fault],
          promise,
          module: import.meta.url,
          ...(unaligned && { run: { checkpoints: { alignmentTimeoutMs: 0 } } }),
          kill: { at, role: 'worker', task, hit: hit ?? (task === 'last' ? 2 : 3) },
        },
        bank(),
      ),
    ),
)
