/**
 * A query under simulated faults: its whole job in one thread and virtual time, workers and parents killed, the
 * network and the disk failing, the number of tasks changing, from one seed after the other. What is visible at the end must be what SQL gives.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collect, flow, sum, type Flow } from '../../index.ts'
import { canonical } from '../../scenarios/harness/compare.ts'
import { simulate, type SimulationReport } from '../../scenarios/harness/simulation/simulate.ts'
import { resolveConfig, type NexmarkConfig } from './generator/config.ts'
import { nexmarkFlow } from './nexmark-flow.ts'
import { generated, NexmarkInput } from './queries/input.ts'
import { q12 } from './queries/q12.ts'
import { openDatabase } from './oracle/database.ts'
import { expected, q12OnAnyClock, type Expected } from './oracle/expected.ts'
import { expectedRows } from './oracle/expected-rows.ts'
import type { QueryName } from './queries/names.ts'

/** Two windows and a half of ten seconds, a second out of order, with midnight in between. */
const small: Partial<NexmarkConfig> = {
  seed: 7,
  sideRows: 20,
  events: 400,
  perSecond: 16,
  disorder: 16,
  baseMs: Date.UTC(2015, 6, 14, 23, 59, 45),
}

/** About as long as one takes without failures. */
const faultsMs = 150

/** Auctions divisible by 123 are rare: here is one. */
const firstEvents: Partial<Record<QueryName, number>> = { q2: 3700 }

export interface SimulateQueryOptions {
  readonly query: QueryName
  readonly seeds: number
  /** The first seed of faults. */
  readonly from: number
  /** The trace of a violation, to see it again. */
  readonly replay?: string
}

export async function simulateQuery(options: SimulateQueryOptions): Promise<SimulationReport> {
  const { query, seeds, from, replay } = options
  const config = resolveConfig({ ...small, firstEvent: firstEvents[query] ?? 0 })
  const flow = () =>
    query === 'q12'
      ? bidsOfQ12(config)
      : nexmarkFlow({ query, config, source: generated(config, 2), sink: collect<object>() })
  const expect = (await rowsBySql(query === 'q12' ? q12OnAnyClock : expected[query], config)).map(
    (row) => `out ${canonical(row)}`,
  )
  if (expect.length === 0) throw new RangeError(`${query} gives no row: take another input`)
  const faults = { rescale: 1 }
  return simulate(flow, { seeds, from, expect, faults, faultsMs, ...(replay !== undefined && { replay }) })
}

/** When a bid is counted follows from the faults; that it is, once, does not. */
function bidsOfQ12(config: NexmarkConfig): Flow {
  const made = flow('nexmark-q12')
  q12(new NexmarkInput(made, generated(config, 2), config))
    .keyBy('by-bidder-again', ({ bidder }) => bidder)
    .aggregate(
      'all-windows',
      { ...sum(({ bids }) => bids), result: (bids, bidder) => ({ bidder, bids }) },
      { emitOn: 'end' },
    )
    .sink('out', collect<object>())
  return made
}

async function rowsBySql(sql: Expected, config: NexmarkConfig): ReturnType<typeof expectedRows> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-nexmark-simulation-'))
  try {
    const database = await openDatabase({ config, file: join(folder, 'events.duckdb'), memoryMb: 256 })
    try {
      return await expectedRows(database.connection, sql)
    } finally {
      database.close()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
