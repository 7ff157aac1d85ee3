/** What a checkpoint coordinator learns, and what it orders. */
import type { ErrorReport } from '../core/errors.ts'
import type { CheckpointId, Epoch, FlowName, TaskId } from '../core/ids.ts'
import type { CheckpointError, SupersededError } from './errors.ts'
import type { Manifest, TaskSnapshot } from './manifest.ts'
import type { ResolvedCheckpointOptions } from './options.ts'

/** One deployment: what does not change while it runs. */
export interface Deployment {
  readonly job: FlowName
  readonly epoch: Epoch
  readonly fingerprint: string
  readonly keyGroups: number
  readonly tasks: readonly TaskId[]
  /** Those of `tasks` that start barriers. */
  readonly sources: readonly TaskId[]
  readonly options: Pick<
    ResolvedCheckpointOptions,
    'everyMs' | 'timeoutMs' | 'failuresMax' | 'minPauseMs' | 'alignmentTimeoutMs'
  >
  /** Highest id ever started or completed (E6); 0 at a job's first start. */
  readonly newest: number
  /** What was restored: its completion is told again (C6); a final one leads straight to the end (C10). */
  readonly restored: { readonly checkpoint: CheckpointId; readonly final: boolean } | null
}

/** One moment on both clocks: durations by the first, dates for people by the second. */
export interface Moment {
  readonly monotonicMs: number
  readonly wallMs: number
}

/** How a record meant for the log ended. While that is unknown there is no fact (E4). */
export type SlotOutcome =
  | { readonly kind: 'created' }
  /** It is not in the log and never will be. */
  | { readonly kind: 'failed'; readonly error: ErrorReport }
  | { readonly kind: 'superseded'; readonly error: SupersededError }

export type CoordinatorFact = { readonly now: Moment } & (
  | { readonly kind: 'tick' }
  | {
      readonly kind: 'taskAcknowledged'
      readonly task: TaskId
      readonly checkpoint: CheckpointId
      readonly snapshot: TaskSnapshot
    }
  | {
      readonly kind: 'taskDeclined'
      readonly task: TaskId
      readonly checkpoint: CheckpointId
      readonly error: ErrorReport
    }
  /** Answers `writeManifest` and `writeFinished`. */
  | { readonly kind: 'slotWritten'; readonly outcome: SlotOutcome }
  | { readonly kind: 'sourceEnded'; readonly task: TaskId }
  /** Everything staged at barriers ≤ `checkpoint` is visible. */
  | { readonly kind: 'committed'; readonly task: TaskId; readonly checkpoint: CheckpointId }
  | { readonly kind: 'savepointRequested' }
  | { readonly kind: 'stopRequested'; readonly savepoint: boolean }
)

/** What a checkpoint is for. */
export interface Purpose {
  readonly final: boolean
  readonly savepoint: boolean
  /** The job stops once its commits are confirmed. */
  readonly stop: boolean
}

export type CoordinatorCommand =
  /** To every source task (C1). */
  | ({ readonly kind: 'trigger'; readonly checkpoint: CheckpointId } & Purpose)
  /** To every task (C4): the barrier of this checkpoint need not wait for what precedes it on a link. */
  | { readonly kind: 'overtake'; readonly checkpoint: CheckpointId }
  /** To every task: the checkpoint's fate. */
  | ({
      readonly kind: 'abort'
      readonly checkpoint: CheckpointId
      readonly reason: CheckpointError
      readonly failuresInARow: number
    } & Purpose)
  /** To the log; answered by `slotWritten`. */
  | { readonly kind: 'writeManifest'; readonly manifest: Manifest }
  /** To every task: it is complete, commit (C6). `manifest` is null when a restore repeats it. */
  | { readonly kind: 'tellComplete'; readonly checkpoint: CheckpointId; readonly manifest: Manifest | null }
  /** To the log; answered by `slotWritten`. */
  | { readonly kind: 'writeFinished'; readonly checkpoint: CheckpointId }
  | { readonly kind: 'finished'; readonly checkpoint: CheckpointId }
  | { readonly kind: 'stopped'; readonly checkpoint: CheckpointId }
  | { readonly kind: 'failJob'; readonly error: CheckpointError | SupersededError }
