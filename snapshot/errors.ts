import { MillraceError, type ErrorClass } from '../core/errors.ts'
import type { CheckpointId, Term } from '../core/ids.ts'

interface Extras {
  readonly retry?: ErrorClass
  readonly cause?: unknown
  readonly details?: Readonly<Record<string, unknown>>
}

export type LogErrorCode =
  /** Truncated, altered or forged: it proves that something was written, not what. */
  | 'SLOT_DAMAGED'
  /** Whole, but of a format that this version does not read. */
  | 'SLOT_VERSION'
  | 'SLOT_TOO_LARGE'
  /** The device fails to read it. */
  | 'SLOT_UNREADABLE'
  /** A checkpoint behind its term's seal: the store broke its promise (E2). */
  | 'SLOT_AFTER_SEAL'
  /** E4: nobody knows yet whether the slot was written. */
  | 'SLOT_UNDECIDED'
  /** Others claim terms faster than this one. */
  | 'CLAIM_CONTENDED'

/** What is wrong with the job log. */
export class LogError extends MillraceError<LogErrorCode> {
  constructor(code: LogErrorCode, message: string, extras: Extras = {}) {
    super(code, message, { retry: 'fatal', ...extras })
  }
}

/** E3: another coordinator reigns. Whoever meets this ends and does not claim again. */
export class SupersededError extends MillraceError<'SUPERSEDED'> {
  constructor(term: Term, by: string) {
    super(
      'SUPERSEDED',
      `term ${term} of this job is over: expected to be its only coordinator, found ${by}; this process ends its part of the job`,
      { retry: 'fatal', details: { term, by } },
    )
  }
}

export type PartErrorCode = 'PART_MISSING' | 'PART_DAMAGED' | 'PART_EXISTS' | 'PART_NAME' | 'PART_TOO_LARGE'

/** What is wrong with a state part. */
export class PartError extends MillraceError<PartErrorCode> {
  constructor(code: PartErrorCode, message: string, extras: Extras = {}) {
    super(code, message, { retry: 'fatal', ...extras })
  }
}

export type StoreErrorCode =
  'STORE_NO_HARD_LINKS' | 'STORE_UNWRITABLE' | 'STORE_FULL' | 'STORE_FAILED' | 'STORE_ADDRESS'

/** What is wrong with the place where checkpoints live. */
export class StoreError extends MillraceError<StoreErrorCode> {
  /** True when the refused slot or part certainly does not exist: its outcome is not unknown (E4). */
  readonly notCreated: boolean

  constructor(
    code: StoreErrorCode,
    message: string,
    extras: Extras & { readonly notCreated?: boolean } = {},
  ) {
    const { notCreated = false, ...options } = extras
    super(code, message, { retry: 'fatal', ...options })
    this.notCreated = notCreated
  }
}

export type RecoveryErrorCode =
  /** The newest checkpoint, or what may be one, cannot be used. */
  | 'CHECKPOINT_DAMAGED'
  | 'CHECKPOINT_UNKNOWN'
  /** C7: a sink shows output that the restored state would produce again. */
  | 'SINK_AHEAD'
  | 'JOB_DIFFERS'
  | 'KEY_GROUPS_CHANGED'
  | 'STATE_WOULD_BE_LOST'
  /** C4: it holds channel state of links that this run does not have. */
  | 'RESCALE_UNALIGNED'

/** Why a checkpoint is not restored, and the consent that would allow it. */
export class RecoveryError extends MillraceError<RecoveryErrorCode> {
  constructor(code: RecoveryErrorCode, message: string, extras: Extras = {}) {
    super(code, message, { retry: 'fatal', ...extras })
  }
}

/** C4: what is on its way between tasks cannot be part of this checkpoint; the next one is aligned. */
export class ChannelStateError extends MillraceError<'CHANNEL_STATE'> {
  constructor(message: string, extras: Extras = {}) {
    super('CHANNEL_STATE', message, { retry: 'retry', ...extras })
  }
}

export type CheckpointErrorCode =
  'CHECKPOINT_TIMEOUT' | 'CHECKPOINT_DECLINED' | 'CHECKPOINT_NOT_LOGGED' | 'CHECKPOINT_FAILURES'

/** Why one checkpoint, or one too many in a row, failed (C8). */
export class CheckpointError extends MillraceError<CheckpointErrorCode> {
  constructor(code: CheckpointErrorCode, checkpoint: CheckpointId, message: string, extras: Extras = {}) {
    super(code, message, { retry: 'retry', ...extras, details: { checkpoint, ...extras.details } })
  }
}
