/** What joins may be given, resolved once; rejected with the reason, never clamped. */
import { ConfigError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { oneOf, wholeNumberOf, type OperatorOptions } from '../stream-options.ts'
import type { TimeWindows, WindowAssigner } from '../windows/assigners.ts'
import type { JoinType } from './definition.ts'
import type { IntervalBounds } from './interval.ts'
import type { LatestOptions } from './latest.ts'

export interface JoinOptions<Type extends JoinType = JoinType> extends OperatorOptions {
  /** Default `inner`. */
  readonly type?: Type
}

export interface LatestJoinOptions<Type extends 'inner' | 'left'> extends JoinOptions<Type> {
  /**
   * `event-time`: the version that was valid at the left row's time, whatever came first; left rows wait for the
   * watermark. `arrival`: the version that came last, at once. Default: event time where the streams have it.
   */
  readonly by?: 'event-time' | 'arrival'
  /**
   * How long a version is valid, ms, by event time or, for `arrival`, by the clock. Default: until the next one; then
   * the newest version of every key stays for ever.
   */
  readonly ttlMs?: number
}

const types = ['inner', 'left', 'right', 'full'] as const

export const joinTypeOf = (name: string, options: JoinOptions | undefined): JoinType =>
  oneOf(name, 'type', options?.type ?? 'inner', types)

/** Throws ConfigError `OPTION_ILLEGAL`. */
export function resolveInterval(name: string, given: IntervalBounds): IntervalBounds {
  const bound = (option: 'beforeMs' | 'afterMs'): number =>
    wholeNumberOf(name, option, given[option], { min: -limits.joinReachMsMax, max: limits.joinReachMsMax })
  const [beforeMs, afterMs] = [bound('beforeMs'), bound('afterMs')]
  if (-beforeMs <= afterMs) return { beforeMs, afterMs }
  throw new ConfigError(
    'OPTION_ILLEGAL',
    `the interval of '${name}' is empty: it begins ${-beforeMs} ms after the left row and ends ${afterMs} ms after it`,
  )
}

export function resolveLatest(
  name: string,
  options: LatestJoinOptions<'inner' | 'left'> | undefined,
  timed: boolean,
): LatestOptions {
  const type = oneOf(name, 'type', options?.type ?? 'inner', ['inner', 'left'])
  const by = oneOf(name, 'by', options?.by ?? (timed ? 'event-time' : 'arrival'), ['event-time', 'arrival'])
  const ttlMs = options?.ttlMs
  return { type, by, ttlMs: ttlMs === undefined ? Infinity : wholeNumberOf(name, 'ttlMs', ttlMs, { min: 1 }) }
}

/** Throws ConfigError `WINDOW_ILLEGAL`. */
export function timeWindowsOf(name: string, windows: WindowAssigner): TimeWindows {
  if (windows.kind === 'fixed' || windows.kind === 'session') return windows
  throw new ConfigError(
    'WINDOW_ILLEGAL',
    `the join '${name}' needs windows with a start and an end (tumbling, sliding or session), got ${windows.kind}`,
  )
}
