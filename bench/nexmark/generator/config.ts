/**
 * What decides every event. The figures are the public generator's (nexmark/nexmark `NexmarkConfiguration` and
 * `GeneratorConfig`, apache/beam `NexmarkConfiguration`), with its defaults.
 */
export interface NexmarkConfig {
  /** Another seed is another stream of the same kind. */
  readonly seed: number
  /** How many events. */
  readonly events: number
  /** Number of the first of them: ids and times go on from there. */
  readonly firstEvent: number
  /** Events a second of event time. */
  readonly perSecond: number
  /** Event time of the first event, ms. */
  readonly baseMs: number
  /** Events within a group of so many come in another order; 1: in the order of their times. */
  readonly disorder: number
  /** Rows of the table that q13 looks up. */
  readonly sideRows: number
}

/** 1 person : 3 auctions : 46 bids, in this order within each 50 events. */
export const proportions = { person: 1, auction: 3, bid: 46, total: 50 } as const

export const ids = { firstPerson: 1000, firstAuction: 1000, firstCategory: 10, categories: 5 } as const

/** Thirty seconds before midnight UTC, so that the queries by day see two days. */
const baseMsDefault = Date.UTC(2015, 6, 14, 23, 59, 30)

export function resolveConfig(given: Partial<NexmarkConfig> = {}): NexmarkConfig {
  const {
    seed = 1,
    events = 100_000,
    firstEvent = 0,
    perSecond = 10_000,
    baseMs = baseMsDefault,
    disorder = 1,
    sideRows = 10_000,
  } = given
  requireWhole('seed', seed, 0)
  requireWhole('events', events, 1)
  requireWhole('firstEvent', firstEvent, 0)
  requireWhole('perSecond', perSecond, 1)
  requireWhole('baseMs', baseMs, 0)
  requireWhole('disorder', disorder, 1)
  requireWhole('sideRows', sideRows, 1)
  // The permutation multiplies by this prime; a multiple of it would map many events onto one.
  if (disorder % disorderFactor === 0)
    throw new RangeError(`disorder must not be a multiple of ${disorderFactor}, got ${disorder}`)
  return { seed, events, firstEvent, perSecond, baseMs, disorder, sideRows }
}

/** As in the public generator's `nextAdjustedEventNumber`. */
export const disorderFactor = 953

function requireWhole(name: string, value: number, min: number): void {
  if (Number.isSafeInteger(value) && value >= min) return
  throw new RangeError(`${name} must be a whole number ≥ ${min}, got ${value}`)
}

/** Event time of event `n`, ms. */
export const timeOf = ({ baseMs, perSecond, firstEvent }: NexmarkConfig, n: number): number =>
  baseMs + Math.floor(((n - firstEvent) * 1000) / perSecond)
