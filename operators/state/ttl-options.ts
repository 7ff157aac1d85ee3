/** How long what a cell holds is valid: as users declare it, and as the engine has it. */
import { ConfigError } from '../../core/errors.ts'
import { show } from '../../core/show.ts'
import type { TimerDomain } from './timers.ts'

/** Time-to-live of a cell: of its value, or of each entry of a map and each element of a list. */
export interface StateTtl {
  /** Whole ms ≥ 1 for which a value is valid after it was written; then it is never read again, and goes. */
  readonly ttlMs: number
  /**
   * `event`: by the times of records and timers; it needs event time. `clock`: by processing time. Default: `event`
   * where the stream has event time.
   */
  readonly time?: TimerDomain
  /** `write` (default): writing makes it valid for `ttlMs` anew. `read-write`: so does reading. */
  readonly renewOn?: 'write' | 'read-write'
}

export interface ResolvedTtl {
  readonly ttlMs: number
  /** Undefined: whatever the stream has. */
  readonly time: TimerDomain | undefined
  readonly renewOnRead: boolean
}

/** Throws ConfigError `STATE_TTL`, with what it is the time-to-live of. */
export function resolveTtl(of: string, given: StateTtl): ResolvedTtl {
  const illegal = (option: string, must: string, found: unknown): ConfigError =>
    new ConfigError('STATE_TTL', `${option} of ${of} must be ${must}, got ${show(found)}`)
  if (typeof given !== 'object' || (given as StateTtl | null) === null) {
    throw illegal('the time-to-live', 'an object such as { ttlMs: 60_000 }', given)
  }
  const { ttlMs, time, renewOn = 'write' } = given
  if (!Number.isSafeInteger(ttlMs) || ttlMs < 1) throw illegal('ttlMs', 'a whole number ≥ 1', ttlMs)
  if (time !== undefined && !['event', 'clock'].includes(time)) {
    throw illegal('time', "'event' or 'clock'", time)
  }
  if (!['write', 'read-write'].includes(renewOn)) {
    throw illegal('renewOn', "'write' or 'read-write'", renewOn)
  }
  return { ttlMs, time, renewOnRead: renewOn === 'read-write' }
}
