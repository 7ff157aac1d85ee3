/** What the job's coordinator and its workers say to each other. All plain data; ordered and reliable (L6). */
import type { LateDropped } from '../late-dropped.ts'
import type { ErrorReport } from '../../core/errors.ts'
import type { CheckpointId, Epoch, StepName, TaskId, Term, WorkerId } from '../../core/ids.ts'
import type { TaskSnapshot } from '../../snapshot/manifest.ts'

export type ToWorker =
  /** Drop tasks of older epochs, restore these, and run. */
  | { readonly kind: 'deploy'; readonly epoch: Epoch; readonly deployment: Deployment }
  | {
      readonly kind: 'trigger'
      readonly epoch: Epoch
      readonly checkpoint: CheckpointId
      readonly final: boolean
      /** The job stops with this checkpoint: sources read nothing behind its barrier. */
      readonly stop: boolean
    }
  /** C4: the barrier of this checkpoint need not wait its turn. */
  | { readonly kind: 'overtake'; readonly epoch: Epoch; readonly checkpoint: CheckpointId }
  | { readonly kind: 'abort'; readonly epoch: Epoch; readonly checkpoint: CheckpointId }
  | { readonly kind: 'complete'; readonly epoch: Epoch; readonly checkpoint: CheckpointId }
  | { readonly kind: 'cancel'; readonly epoch: Epoch }
  | { readonly kind: 'shutdown' }

export interface Deployment {
  readonly parallelism: number
  readonly keyGroups: number
  readonly fuse: boolean
  readonly debug: boolean
  /** Deadline of each promise of users' sources and sinks that a deployment waits for, ms. */
  readonly openMsMax: number
  readonly workers: readonly WorkerId[]
  /** The log slot of the checkpoint to restore, or null for a first start. */
  readonly restore: { readonly term: Term; readonly slot: number } | null
}

export type FromWorker =
  | { readonly kind: 'ready'; readonly worker: WorkerId; readonly pid: number }
  | { readonly kind: 'deployed'; readonly epoch: Epoch; readonly worker: WorkerId }
  | {
      readonly kind: 'acknowledged'
      readonly epoch: Epoch
      readonly checkpoint: CheckpointId
      readonly task: TaskId
      readonly snapshot: TaskSnapshot
    }
  | {
      readonly kind: 'declined'
      readonly epoch: Epoch
      readonly checkpoint: CheckpointId
      readonly task: TaskId
      readonly error: ErrorReport
    }
  | { readonly kind: 'inputEnded'; readonly epoch: Epoch; readonly task: TaskId; readonly records: number }
  | {
      readonly kind: 'committed'
      readonly epoch: Epoch
      readonly checkpoint: CheckpointId
      readonly task: TaskId
    }
  | {
      readonly kind: 'taskFailed'
      readonly epoch: Epoch
      readonly task: TaskId | null
      readonly error: ErrorReport
      readonly poison: string | null
    }
  /** Committed values of a sink that lives in the process that called `run`. */
  | {
      readonly kind: 'delivered'
      readonly step: StepName
      readonly task: TaskId
      readonly checkpoint: CheckpointId
      readonly values: Uint8Array
    }
  /** Whenever it has changed; with what was counted before a restore. */
  | {
      readonly kind: 'lateDropped'
      readonly epoch: Epoch
      readonly task: TaskId
      readonly dropped: LateDropped
    }
  | { readonly kind: 'progress'; readonly epoch: Epoch; readonly task: TaskId; readonly records: number }
