/** What `mapAsync` may be given, resolved once. */
import { ConfigError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { wholeNumberOf, type OperatorOptions } from '../stream-options.ts'

export interface MapAsyncOptions extends OperatorOptions {
  /** Records of one task whose calls are under way or whose results wait for their turn, at most. Default 100. */
  readonly inFlightMax?: number
  /**
   * True (default): results leave in the order in which the records came. False: as they are ready, but never
   * across a watermark.
   */
  readonly ordered?: boolean
  /** How long one call may take, ms; then its signal aborts and the call counts as failed. Default 30,000. */
  readonly timeoutMs?: number
  /** Default: a failed call is not made again; `onError` decides about the record. */
  readonly retry?: AsyncRetry
}

/** Exponential: the delay doubles from attempt to attempt, ± 25 % by chance. */
export interface AsyncRetry {
  /** Calls for one record, the first included. */
  readonly attemptsMax: number
  /** Before the second call, ms. Default 100. */
  readonly delayMs?: number
  /** Default 10,000. */
  readonly delayMsMax?: number
}

export interface ResolvedAsync {
  readonly inFlightMax: number
  readonly ordered: boolean
  readonly timeoutMs: number
  readonly attemptsMax: number
  readonly delayMs: number
  readonly delayMsMax: number
}

/** Throws ConfigError `OPTION_ILLEGAL`. */
export function resolveAsync(name: string, options: MapAsyncOptions = {}): ResolvedAsync {
  const { ordered = true, retry } = options
  if (typeof ordered !== 'boolean') {
    throw new ConfigError(
      'OPTION_ILLEGAL',
      `ordered of '${name}' must be true or false, got ${JSON.stringify(ordered)}`,
    )
  }
  const number = (option: string, given: number | undefined, otherwise: number, min = 1): number =>
    wholeNumberOf(name, option, given ?? otherwise, { min, max: limits.timerDelayMsMax })
  const delayMs = number('retry.delayMs', retry?.delayMs, 100, 0)
  return {
    inFlightMax: wholeNumberOf(name, 'inFlightMax', options.inFlightMax ?? 100, {
      min: 1,
      max: limits.asyncInFlightMax,
    }),
    ordered,
    timeoutMs: number('timeoutMs', options.timeoutMs, 30_000),
    attemptsMax: number('retry.attemptsMax', retry ? retry.attemptsMax : undefined, 1),
    delayMs,
    delayMsMax: number('retry.delayMsMax', retry?.delayMsMax, Math.max(10_000, delayMs), delayMs),
  }
}
