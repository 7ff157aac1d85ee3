/** What one job runs, as data: it reaches the job's process and its workers through the environment. */
import { join } from 'node:path'
import { toFunction, type Flow, type SinkDefinition } from '../../../index.ts'
import type { NexmarkConfig } from '../generator/config.ts'
import { nexmarkFlow, rowsIn } from '../nexmark-flow.ts'
import { generated } from '../queries/input.ts'
import type { QueryName } from '../queries/names.ts'

export interface JobSetup {
  readonly query: QueryName
  readonly config: NexmarkConfig
  /** Gets `out/` and `checkpoints/`. */
  readonly folder: string
  /** False: results are counted by nobody and thrown away, as the public benchmark does. */
  readonly keep: boolean
  /** 0: one thread of one process. */
  readonly workers: number
  /** `embedded` or an address, for workers. */
  readonly nats: string
  /** `kill -9` of workers. */
  readonly kills: number
}

const variable = 'MILLRACE_NEXMARK'

export const outFolder = ({ folder }: JobSetup): string => join(folder, 'out')

export const setupToEnvironment = (setup: JobSetup): Record<string, string> => ({
  [variable]: JSON.stringify(setup),
})

/** q12 counts by the clock: its rows can be foretold where the clock is simulated, in one thread. */
export const isOnSimulatedClock = ({
  query,
  keep,
  workers,
}: Pick<JobSetup, 'query' | 'keep' | 'workers'>): boolean => query === 'q12' && keep && workers === 0

export function setupFromEnvironment(): JobSetup {
  const text = process.env[variable]
  if (text === undefined) throw new Error(`${variable} must be set; npm run nexmark does it`)
  return JSON.parse(text) as JobSetup
}

export function flowOf(setup: JobSetup): Flow {
  const { query, config, workers } = setup
  return nexmarkFlow({ query, config, source: generated(config, Math.max(1, workers)), sink: sinkOf(setup) })
}

const sinkOf = (setup: JobSetup): SinkDefinition<object> =>
  setup.keep ? rowsIn(outFolder(setup), setup.query) : toFunction(() => undefined)
