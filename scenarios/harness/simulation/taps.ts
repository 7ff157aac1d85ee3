/**
 * What each step received and emitted in one simulated run, along the timeline that counts: of every deployment, what
 * lies before the checkpoint that the next one restored; of the last, everything.
 *
 * - A task's log begins when it is built, and is marked when it captures a checkpoint: both are protocol moments, and
 *   what runs between two events is the doing of one process.
 * - An id of a checkpoint that never completed may be used again: the youngest deployment that captured it counts.
 */
import type { StepName } from '../../../core/ids.ts'
import type { FailpointName, FailpointPlace } from '../../../core/ports/index.ts'
import type { JobEvent } from '../../../actors/events.ts'
import { toText } from '../../../operators/text.ts'
import type { StepView } from './instrument.ts'
import type { SimulatedProcess } from './process.ts'

/** Records as text, and how many of each. */
export type Tally = Map<string, number>

export interface StepTally {
  readonly received: Tally
  readonly emitted: Tally
}

class StepLog {
  readonly received: string[] = []
  readonly emitted: string[] = []
}

interface Lengths {
  readonly received: number
  readonly emitted: number
}

interface TaskLog {
  readonly steps: Map<StepName, StepLog>
  readonly marks: Map<number, ReadonlyMap<StepName, Lengths>>
}

interface Deployment {
  readonly restored: number | null
  readonly tasks: readonly TaskLog[]
}

const recordTextMax = 2_000

export class Taps {
  private readonly deployments: Deployment[] = []
  /** By parent process: what was built for the deployment that is under way. */
  private readonly building = new Map<SimulatedProcess, Map<string, TaskLog>>()
  /** By worker process: its tasks, and the one that it builds. */
  private readonly tasks = new Map<SimulatedProcess, Map<string, TaskLog>>()
  private readonly current = new Map<SimulatedProcess, TaskLog>()

  atMoment(name: FailpointName, { task, checkpoint }: FailpointPlace, where: SimulatedProcess): void {
    if (task === undefined) return
    if (name === 'task.restoring') this.build(task, where)
    const log = this.tasks.get(where)?.get(task)
    if (name !== 'task.captured' || !log || checkpoint === undefined) return
    const lengths = [...log.steps].map(
      ([step, { received, emitted }]) =>
        [step, { received: received.length, emitted: emitted.length }] as const,
    )
    log.marks.set(checkpoint, new Map(lengths))
  }

  /** For a step of the task that the process is building. */
  view(step: StepName, where: SimulatedProcess): StepView {
    const log = new StepLog()
    this.current.get(where)?.steps.set(step, log)
    return {
      received: (_, record) => void log.received.push(toText(record, recordTextMax)),
      emitted: (_, record) => void log.emitted.push(toText(record, recordTextMax)),
    }
  }

  atEvent(event: JobEvent, parent: SimulatedProcess): void {
    if (event.event !== 'job.restored') return
    const tasks = [...(this.building.get(parent)?.values() ?? [])]
    this.building.delete(parent)
    this.deployments.push({ restored: event.checkpoint, tasks })
  }

  /** By step, along the timeline that ends with the last deployment. */
  totals(): ReadonlyMap<StepName, StepTally> {
    const totals = new Map<StepName, StepTally>()
    let upTo: number | undefined
    for (let at = this.deployments.length - 1; at >= 0;) {
      const deployment = this.deployments[at]
      if (!deployment) break
      for (const task of deployment.tasks) addTo(totals, task, upTo)
      if (deployment.restored === null) break
      upTo = deployment.restored
      at = this.lastWith(upTo, at)
    }
    return totals
  }

  /** The youngest deployment before `index` whose every task captured the checkpoint; -1 where there is none. */
  private lastWith(checkpoint: number, index: number): number {
    return this.deployments.findLastIndex(
      ({ tasks }, at) => at < index && tasks.length > 0 && tasks.every(({ marks }) => marks.has(checkpoint)),
    )
  }

  private build(task: string, where: SimulatedProcess): void {
    const log: TaskLog = { steps: new Map(), marks: new Map() }
    this.current.set(where, log)
    put(this.tasks, where, task, log)
    put(this.building, where.parent ?? where, task, log)
  }
}

function put<Key>(maps: Map<Key, Map<string, TaskLog>>, key: Key, task: string, log: TaskLog): void {
  const map = maps.get(key) ?? new Map<string, TaskLog>()
  maps.set(key, map.set(task, log))
}

function addTo(
  totals: Map<StepName, StepTally>,
  { steps, marks }: TaskLog,
  checkpoint: number | undefined,
): void {
  for (const [step, { received, emitted }] of steps) {
    const total = totals.get(step) ?? { received: new Map(), emitted: new Map() }
    totals.set(step, total)
    const until = checkpoint === undefined ? undefined : marks.get(checkpoint)?.get(step)
    for (const text of received.slice(0, until?.received)) count(total.received, text)
    for (const text of emitted.slice(0, until?.emitted)) count(total.emitted, text)
  }
}

const count = (tally: Tally, text: string): void => void tally.set(text, (tally.get(text) ?? 0) + 1)
