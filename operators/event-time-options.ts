/** The options of `stream.eventTime`, and how they are checked. */
import { ConfigError } from '../core/errors.ts'
import type { ErrorPolicy } from './operator.ts'
import { boundedLateness, type EventTimeSettings, type WatermarkGenerator } from './steps/event-time.ts'
import { checkFn, oneOf } from './stream-options.ts'
import type { StepOptions } from './flow.ts'

export interface EventTimeOptions<T> extends StepOptions {
  /** A record's time: whole milliseconds since 1970, also negative ones. */
  readonly atMs: (record: T) => number
  /** How far records may come behind the highest time of their split, in ms. Default 0: each split is in order. */
  readonly latenessMaxMs?: number
  /** Instead of `latenessMaxMs`: makes a split's own generator. What it answers never takes the watermark back. */
  readonly generator?: () => WatermarkGenerator<T>
  /** After so long without a record a split no longer holds the watermark back. Default: it holds it for ever. */
  readonly idleMs?: number
  /** A time that is further ahead of the clock is absurd. Default: a year, in ms. */
  readonly farFutureMs?: number
  /** What an absurd time, or a throw of `atMs`, does to its record. Default `fail`; see `onError` of other steps. */
  readonly onAbsurd?: ErrorPolicy
}

const yearMs = 365 * 24 * 3_600_000

/** Throws ConfigError `FUNCTION_MISSING` or `OPTION_ILLEGAL`. */
export function resolveEventTime<T>(name: string, given: EventTimeOptions<T>): EventTimeSettings {
  const { atMs, generator, latenessMaxMs, idleMs, farFutureMs, onAbsurd } =
    (given as Partial<EventTimeOptions<T>> | undefined) ?? {}
  checkFn(name, atMs)
  if (generator !== undefined && latenessMaxMs !== undefined) {
    throw new ConfigError('OPTION_ILLEGAL', `'${name}' takes latenessMaxMs or a generator, not both`)
  }
  const lateness = wholeMs(name, 'latenessMaxMs', latenessMaxMs ?? 0, 0)
  return {
    atMs: atMs as EventTimeSettings['atMs'],
    generator: generator ? checkFn(name, generator) : () => boundedLateness(lateness),
    idleMs: idleMs === undefined ? undefined : wholeMs(name, 'idleMs', idleMs, 1),
    farFutureMs: farFutureMs === undefined ? yearMs : wholeMs(name, 'farFutureMs', farFutureMs, 0),
    onAbsurd: oneOf(name, 'onAbsurd', onAbsurd ?? 'fail', ['fail', 'skip', 'dead-letter']),
  }
}

function wholeMs(name: string, option: string, given: number, min: number): number {
  if (Number.isSafeInteger(given) && given >= min) return given
  throw new ConfigError(
    'OPTION_ILLEGAL',
    `${option} of '${name}' must be a whole number of milliseconds ≥ ${min}, got ${String(given)}`,
  )
}
