/** For tests: the contexts that tasks and the coordinator give to sinks. */
import { checkpointId, flowName, stepName, termNumber, type CheckpointId } from '../../../core/ids.ts'
import { silentLog } from '../../../core/log.ts'
import { noFailpoints, type Failpoints } from '../../../core/ports/failpoints.ts'
import type { Files } from '../../../core/ports/index.ts'
import { virtualTime, type VirtualTime } from '../../../core/simulated/time.ts'
import type { SinkContext, SinkPrepareContext } from '../../sink.ts'

const job = flowName('job')
const step = stepName('out')

export const checkpoint = (id: number): CheckpointId => checkpointId(id)

export interface PrepareChanges {
  readonly job?: string
  readonly step?: string
  readonly restored?: number | null
  readonly term?: number
  readonly handles?: readonly unknown[]
}

export function prepareContext(files: Files, changes: PrepareChanges = {}): SinkPrepareContext {
  const { restored = null, handles = [] } = changes
  return {
    job: flowName(changes.job ?? job),
    step: stepName(changes.step ?? step),
    term: termNumber(changes.term ?? 1),
    files,
    log: silentLog,
    restored: restored === null ? null : checkpointId(restored),
    handles,
  }
}

export interface SinkChanges {
  readonly taskIndex?: number
  readonly attempt?: number
  readonly failpoints?: Failpoints
  readonly time?: VirtualTime
  readonly wake?: () => void
  readonly deliver?: SinkContext['deliver']
}

export function sinkContext(files: Files, changes: SinkChanges = {}): SinkContext {
  const time = changes.time ?? virtualTime()
  return {
    job,
    step,
    taskIndex: changes.taskIndex ?? 0,
    epoch: { term: termNumber(1), attempt: changes.attempt ?? 1 },
    files,
    clock: time,
    timers: time,
    failpoints: changes.failpoints ?? noFailpoints,
    log: silentLog,
    wake: changes.wake ?? ((): void => undefined),
    deliver: changes.deliver ?? (async (): Promise<void> => undefined),
  }
}
