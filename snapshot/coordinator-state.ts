/** What a checkpoint coordinator remembers, where it starts, and when it next needs the time. */
import type { CheckpointId, TaskId } from '../core/ids.ts'
import { invariant } from '../core/invariant.ts'
import type { CoordinatorCommand, Deployment, Moment, Purpose } from './coordinator-facts.ts'
import type { Manifest, TaskSnapshot } from './manifest.ts'
import { noTasks, type TaskSet } from './task-set.ts'

export interface InFlight {
  readonly checkpoint: CheckpointId
  readonly purpose: Purpose
  readonly started: Moment
  /** C4: its barriers were told to overtake. */
  readonly unaligned: boolean
}

/** Newest first: adding one copies nothing. */
export interface Acknowledgement {
  readonly index: number
  readonly snapshot: TaskSnapshot
  readonly before: Acknowledgement | null
}

export type CoordinatorPhase =
  | { readonly kind: 'idle' }
  | ({
      readonly kind: 'collecting'
      readonly answers: TaskSet
      readonly acknowledged: Acknowledgement | null
      /** C4: when its barriers overtake; null: never, or they were told to. */
      readonly overtakeMs: number | null
    } & InFlight)
  | ({ readonly kind: 'writing'; readonly manifest: Manifest } & InFlight)
  /** Complete; the job ends when every commit is confirmed. */
  | {
      readonly kind: 'confirming'
      readonly checkpoint: CheckpointId
      readonly then: 'finish' | 'stop'
      readonly answers: TaskSet
    }
  /** `retryMs`: when to write again; null while a write is under way. */
  | { readonly kind: 'finishing'; readonly checkpoint: CheckpointId; readonly retryMs: number | null }
  | { readonly kind: 'over' }

export interface CoordinatorState {
  readonly deployment: Deployment
  readonly indexes: ReadonlyMap<TaskId, number>
  readonly phase: CoordinatorPhase
  /** E6: the highest id ever started. */
  readonly newest: number
  readonly failuresInARow: number
  /** When the next periodic checkpoint starts; null: never. */
  readonly dueMs: number | null
  /** Nothing starts before: set by a failure. */
  readonly retryMs: number
  readonly sources: TaskSet
  /** C4: the last one failed for its channel state. */
  readonly alignNext: boolean
  readonly savepointWanted: boolean
  readonly stopWanted: { readonly savepoint: boolean } | null
}

export interface Decision {
  readonly state: CoordinatorState
  readonly commands: readonly CoordinatorCommand[]
}

export function startCoordinator(deployment: Deployment, now: Moment): Decision {
  const { tasks, sources, options, restored, newest } = deployment
  invariant(tasks.length > 0 && sources.length > 0, 'C1: a deployment has tasks and sources')
  invariant(
    newest >= (restored?.checkpoint ?? 0),
    `E6: ids rise above the restored ${restored?.checkpoint}, got ${newest}`,
  )
  const phase: CoordinatorPhase = restored?.final
    ? { kind: 'confirming', checkpoint: restored.checkpoint, then: 'finish', answers: noTasks(tasks.length) }
    : { kind: 'idle' }
  const state: CoordinatorState = {
    deployment,
    indexes: new Map(tasks.map((task, index) => [task, index])),
    phase,
    newest,
    failuresInARow: 0,
    dueMs: options.everyMs === null ? null : now.monotonicMs + options.everyMs,
    retryMs: -Infinity,
    sources: { ...noTasks(tasks.length), missing: sources.length },
    alignNext: false,
    savepointWanted: false,
    stopWanted: null,
  }
  const again =
    restored && ({ kind: 'tellComplete', checkpoint: restored.checkpoint, manifest: null } as const)
  return { state, commands: again ? [again] : [] }
}

/** When a `tick` is due, on the monotonic clock; null: nothing waits for time. */
export function wakeAtMs(state: CoordinatorState): number | null {
  const { phase, deployment } = state
  switch (phase.kind) {
    case 'idle':
      return startAtMs(state)
    case 'collecting':
      return Math.min(phase.started.monotonicMs + deployment.options.timeoutMs, phase.overtakeMs ?? Infinity)
    case 'finishing':
      return phase.retryMs
    case 'writing':
    case 'confirming':
    case 'over':
      return null
  }
}

/** When the next checkpoint may start; null: nothing asks for one. */
export function startAtMs(state: CoordinatorState): number | null {
  const urgent = state.sources.missing === 0 || state.stopWanted !== null || state.savepointWanted
  if (urgent) return state.retryMs
  return state.dueMs === null ? null : Math.max(state.dueMs, state.retryMs)
}

/** When a checkpoint that starts now becomes unaligned (C4); null: never. A savepoint, and what a job ends with, may be started from with another parallelism. */
export function overtakeAtMs(state: CoordinatorState, purpose: Purpose, now: Moment): number | null {
  const { alignmentTimeoutMs } = state.deployment.options
  const aligned = purpose.final || purpose.savepoint || purpose.stop || state.alignNext
  return alignmentTimeoutMs === null || aligned ? null : now.monotonicMs + alignmentTimeoutMs
}
