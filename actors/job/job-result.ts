/** What a job answers when it is asked, and when it is over. */
import { isTyped, MillraceError } from '../../core/errors.ts'
import type { LateDropped } from '../late-dropped.ts'
import type { CheckpointId, WorkerId } from '../../core/ids.ts'

export interface JobResult {
  /** Records that entered the flow since the job's first start, replayed ones counted once; 0 when it had finished before. */
  readonly records: number
  /** Late records that were given up since the first start, by step: nobody continues its `.late`. Each once. */
  readonly lateDropped: LateDropped
  readonly restarts: number
  /** Checkpoints completed in this process's time. */
  readonly checkpoints: number
  /** False when the job was stopped before its sources ended. */
  readonly ended: boolean
}

export interface JobStatus {
  readonly state: string
  readonly epoch: string | null
  /** The newest complete checkpoint. */
  readonly checkpoint: CheckpointId | null
  /** As in the result; what a crash takes back is taken back here, and tasks tell it some 5 times a second. */
  readonly records: number
  /** As in the result. */
  readonly lateDropped: LateDropped
  readonly restarts: number
  readonly workers: readonly { readonly worker: WorkerId; readonly pid: number }[]
}

/** What ends a job, as an error with a code. */
export const jobFailure = (error: unknown): MillraceError =>
  isTyped(error)
    ? error
    : new MillraceError('JOB_FAILED', `the job failed: ${String(error)}`, { retry: 'retry', cause: error })

export const notRunning = (why: string): MillraceError =>
  new MillraceError('JOB_NOT_RUNNING', why, { retry: 'retry' })
