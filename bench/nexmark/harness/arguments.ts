/** `npm run nexmark -- [options]`, as typed values. */
import { parseArgs } from 'node:util'
import { resolveConfig, type NexmarkConfig } from '../generator/config.ts'
import { isQueryName, queryNames, type QueryName } from '../queries/names.ts'

export interface NexmarkArguments {
  readonly config: NexmarkConfig
  readonly queries: readonly QueryName[]
  readonly verify: boolean
  readonly workers: number
  readonly nats: string
  readonly kills: number
  /** Present with `--simulate`. */
  readonly simulate: SimulateArguments | undefined
  readonly json: boolean
}

export interface SimulateArguments {
  readonly seeds: number
  readonly from: number
  readonly replay: string | undefined
}

export const usage = `npm run nexmark -- [options]

  --events N       events of the input (default 1000000)
  --seed N         another seed is another input (default 1)
  --rate N         events a second of event time (default 10000)
  --disorder N     events in groups of N come in another order (default 1: none)
  --queries LIST   q0,q5 … (default: all)
  --verify         compare the output with SQL over the same events; without it, output is thrown away
  --workers N      worker processes (default 0: one thread of one process)
  --nats URL       of the workers (default: embedded)
  --kills N        kill -9 of so many workers in each query's run
  --json           one JSON object a line

  --simulate       each query in virtual time under crashes and other faults, on a small input, against SQL
  --seeds N        schedules of faults a query (default 1000)
  --from N         the first of them (default 1)
  --replay TRACE   of a violation: shows it again, for one query`

/** Throws TypeError or RangeError for what is not understood. */
export function readArguments(args: readonly string[]): NexmarkArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      events: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: '1' },
      rate: { type: 'string', default: '10000' },
      disorder: { type: 'string', default: '1' },
      queries: { type: 'string', default: queryNames.join(',') },
      verify: { type: 'boolean', default: false },
      workers: { type: 'string', default: '0' },
      nats: { type: 'string', default: 'embedded' },
      kills: { type: 'string', default: '0' },
      simulate: { type: 'boolean', default: false },
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      replay: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  })
  const workers = wholeNumber('workers', values.workers)
  const kills = wholeNumber('kills', values.kills)
  if (kills > 0 && workers === 0) throw new RangeError('--kills needs --workers: there is no process to kill')
  const config = resolveConfig({
    seed: wholeNumber('seed', values.seed),
    events: wholeNumber('events', values.events),
    perSecond: wholeNumber('rate', values.rate),
    disorder: wholeNumber('disorder', values.disorder),
  })
  const queries = values.queries.split(',').map(toQueryName)
  const { verify, nats, json, replay } = values
  if (replay !== undefined && queries.length !== 1)
    throw new RangeError('--replay needs --queries with one query')
  const simulate = values.simulate
    ? { seeds: wholeNumber('seeds', values.seeds), from: wholeNumber('from', values.from), replay }
    : undefined
  return { config, queries, verify, workers, nats, kills, simulate, json }
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value
  throw new RangeError(`--${name} must be a whole number, got '${text}'`)
}

function toQueryName(name: string): QueryName {
  if (isQueryName(name)) return name
  throw new RangeError(`--queries: expected names of ${queryNames[0]} to ${queryNames.at(-1)}, got '${name}'`)
}
