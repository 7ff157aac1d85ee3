/**
 * What a sink is (K1–K4). Records are written synchronously into a bounded buffer; at a barrier the sink
 * seals what it has into a durable staged handle; a complete checkpoint commits handles in order.
 */
import type { CheckpointId, Epoch, FlowName, StepName, TaskId, Term } from '../core/ids.ts'
import type { Clock, Failpoints, Files, Log, Timers } from '../core/ports/index.ts'

export type Guarantee = 'exactly-once' | 'at-least-once'

export interface SinkDefinition<T> {
  /** `jsonl`, `console` …: for messages and `inspect`. */
  readonly kind: string
  readonly guarantee: Guarantee
  /** Why it is not exactly-once, in a sentence for the guarantee report. */
  readonly guaranteeReason?: string
  /** The phantom that carries what the sink takes: one of `unknown` takes everything. */
  readonly _record?: (record: T) => void
  /**
   * Runs in the coordinator, before each deployment, after takeover (E3), and when the job has finished: takes or checks
   * ownership (K4), refuses foreign output, deletes stale staged output that no handle names. Idempotent.
   */
  prepare?(context: SinkPrepareContext): Promise<void>
  /** The newest checkpoint whose output of this step is visible, or null (C7). Exactly-once sinks have it. */
  lastCommitted?(context: SinkPrepareContext): Promise<CheckpointId | null>
  /** For sinks whose output lives in the process that called `run`: takes what `deliver` sent, each (task, checkpoint) once. */
  accept?(task: TaskId, checkpoint: CheckpointId, values: Uint8Array): void
  /** One writer a task and epoch. It has `openMsMax` (an option of `run`) to answer, as what is above. */
  open(context: SinkContext): Promise<SinkWriter<T>>
}

export interface SinkPrepareContext {
  readonly job: FlowName
  readonly step: StepName
  /** This coordinator's: what a later one staged is not to be touched (E3). */
  readonly term: Term
  readonly files: Files
  readonly log: Log
  /** The checkpoint that will be restored; null for a first start, where existing output is refused. */
  readonly restored: CheckpointId | null
  /** A person consented to begin anew beside existing output (C7). */
  readonly allowOutput?: boolean
  /** Every staged handle of this step that the restored checkpoint holds. */
  readonly handles: readonly unknown[]
}

export interface SinkContext {
  readonly job: FlowName
  readonly step: StepName
  readonly taskIndex: number
  readonly epoch: Epoch
  readonly files: Files
  readonly clock: Clock
  readonly timers: Timers
  readonly failpoints: Failpoints
  readonly log: Log
  /** To call when `full` turned false, or when writing failed (the next `write` or `barrier` then throws). */
  readonly wake: () => void
  /** Hands committed values to the process that called `run` (for `collect`); resolves when it has them. */
  readonly deliver: (checkpoint: CheckpointId, values: Uint8Array) => Promise<void>
}

export interface SinkWriter<T> {
  /** Takes the record in any case; the task stops calling while `full`. Throws a typed error on bad records. */
  readonly write: (record: T) => void
  /** True while the bounded buffer has no room for another record. */
  readonly full: boolean
  /**
   * K2: everything written so far becomes durable staged output of this checkpoint, named by (epoch,
   * checkpoint, step, task). Resolves to its handle (plain data that the snapshot keeps until the commit is
   * confirmed), or null when nothing was written since the last barrier. Writing goes on meanwhile.
   */
  barrier(checkpoint: CheckpointId): Promise<unknown>
  /** K3: makes the handles' output visible, in order; repeatable; also handles of earlier epochs. */
  commit(handles: readonly unknown[]): Promise<void>
  close(): Promise<void>
}
