/** How a job takes checkpoints: given, then resolved once; rejected, never clamped. */
import { ConfigError } from '../core/errors.ts'

export interface CheckpointOptions {
  /** From one start to the next; null: only savepoints and the final one. Default 1,000. */
  readonly everyMs?: number | null
  /** A checkpoint that takes longer is given up. Default 600,000. */
  readonly timeoutMs?: number
  /** So many failures in a row fail the job. Default 5. */
  readonly failuresMax?: number
  /** At least this long between the end of one and the start of the next. Default 0. */
  readonly minPauseMs?: number
  /** How many of the newest checkpoints are kept. Default 3. */
  readonly keep?: number
  /**
   * C4: a checkpoint that is not complete so long after its start becomes unaligned: its barriers overtake the
   * records that wait between tasks, and those become part of it. 0: at once; null: never. Default null.
   */
  readonly alignmentTimeoutMs?: number | null
}

export type ResolvedCheckpointOptions = Required<CheckpointOptions>

/** Throws `CHECKPOINT_OPTIONS`. */
export function resolveCheckpointOptions(given: CheckpointOptions = {}): ResolvedCheckpointOptions {
  const { everyMs = 1_000, timeoutMs = 600_000, failuresMax = 5, minPauseMs = 0, keep = 3 } = given
  const { alignmentTimeoutMs = null } = given
  return {
    everyMs: everyMs === null ? null : whole('checkpoints.everyMs', everyMs, 1),
    timeoutMs: whole('checkpoints.timeoutMs', timeoutMs, 1),
    alignmentTimeoutMs: alignmentTimeout(alignmentTimeoutMs, timeoutMs),
    failuresMax: whole('checkpoints.failuresMax', failuresMax, 1),
    minPauseMs: whole('checkpoints.minPauseMs', minPauseMs, 0),
    keep: whole('checkpoints.keep', keep, 1),
  }
}

/** One that is never reached would be a mistake. */
function alignmentTimeout(ms: number | null, timeoutMs: number): number | null {
  if (ms === null || whole('checkpoints.alignmentTimeoutMs', ms, 0) < timeoutMs) return ms
  throw new ConfigError(
    'CHECKPOINT_OPTIONS',
    `checkpoints.alignmentTimeoutMs must be below checkpoints.timeoutMs (${timeoutMs}), got ${ms}; null: never`,
    { name: 'checkpoints.alignmentTimeoutMs', value: ms },
  )
}

function whole(name: string, value: number, min: number): number {
  if (Number.isSafeInteger(value) && value >= min) return value
  throw new ConfigError('CHECKPOINT_OPTIONS', `${name} must be a whole number ≥ ${min}, got ${value}`, {
    name,
    value,
  })
}
