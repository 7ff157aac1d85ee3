/**
 * `simulate`: a user's whole job (coordinator, workers, links, network, store, crashes) in one thread and virtual
 * time, from one seed, as often as one likes. FoundationDB and TigerBeetle show how.
 */
import type { RunOptions } from '../../../actors/options.ts'
import { ConfigError } from '../../../core/errors.ts'
import { isFlow, type Flow } from '../../../operators/flow.ts'
import { compareRows } from '../compare.ts'
import {
  drawFaults,
  resolveRates,
  spanOf,
  usualSpan,
  type FaultRates,
  type FaultSpan,
} from './draw-faults.ts'
import type { Fault } from './faults.ts'
import { runSchedule, type ScheduleResult } from './schedule.ts'
import { shrink } from './shrink.ts'

export interface SimulateOptions {
  /** How many schedules. Default 100. */
  readonly seeds?: number
  /** The first seed. Default 1. */
  readonly from?: number
  /** Weights of the kinds of faults; a kind with 0 is left out. */
  readonly faults?: FaultRates
  /**
   * Faults at a set time fall into the first so many virtual ms. Default: half as long again as the job takes without
   * failures, or 450 where `expect` is given.
   */
  readonly faultsMs?: number
  /** Default 2 workers, each step with two tasks, 16 key groups, a checkpoint every 10 ms of virtual time. */
  readonly run?: SimulatedRun
  /** Virtual ms from the last fault to the end of the job. Default 600,000. */
  readonly livenessMs?: number
  /**
   * The rows that must be visible at the end, as `visibleRows` gives them. Default: what a run without failures
   * shows.
   */
  readonly expect?: readonly string[]
  /** After so many violations no more seeds are tried. Default 10. */
  readonly violationsMax?: number
  /** Whether a violation's faults are reduced to those that it needs. Default true. */
  readonly shrunken?: boolean
  /** Rerun one failing schedule: the `trace` of a violation. */
  readonly replay?: string
}

export interface Violation {
  readonly seed: number
  readonly what: string
  /** The shrunken faults; `simulate(flow, { replay: trace })` shows it again. */
  readonly trace: string
  /** What happened, in order. */
  readonly timeline: readonly string[]
}

export interface SimulationReport {
  readonly schedules: number
  readonly violations: readonly Violation[]
  /** How often each fault was injected, each protocol point hit, each event seen. */
  readonly counts: Readonly<Record<string, number>>
  readonly schedulesPerSecond: number
  /** Of all histories: equal in two processes for equal seeds. */
  readonly traceHash: string
}

type SimulatedRun = Pick<RunOptions, 'parallelism' | 'workers' | 'checkpoints' | 'fuse' | 'keyGroups'>

/** Builds the flow: then every run begins with a fresh one. */
export interface FlowMaker {
  (): Flow
  /** How it wants to be run, where `SimulateOptions.run` does not say. */
  readonly run?: SimulatedRun
}

/** The flow, or a function that builds it. */
export type Simulated = Flow | FlowMaker

const livenessMsDefault = 600_000

const defaultRun: RunOptions = {
  workers: 2,
  keyGroups: 16,
  parallelism: 2,
  checkpoints: { everyMs: 10, failuresMax: 1000, timeoutMs: 2_000 },
  restart: { restartsMax: 1000, delayMsMax: 100, withinMs: 1_000_000 },
}

/**
 * Runs `seeds` schedules of the flow, each with its own faults. Sources must be in memory (`fromArray`,
 * `fromGenerator`); output is what `collect` and `toJsonl` made visible. Resolves to a report; a violation is not
 * an error. Throws ConfigError when the run without failures does not finish.
 */
export async function simulate(flow: Simulated, options: SimulateOptions = {}): Promise<SimulationReport> {
  const { seeds = 100, from = 1, livenessMs = livenessMsDefault } = options
  const { violationsMax = 10, shrunken = true, faultsMs } = options
  const run = runOf(flow, options)
  const { rows: expected, span } = options.expect
    ? { rows: options.expect, span: usualSpan }
    : await failureFree(flow, options)
  const judge = async (seed: number, faults: readonly Fault[]): Promise<Judged> => {
    const result = await runSchedule(build(flow), { seed, faults, run, livenessMs })
    const { world, stuck, rows, refused } = result
    return { result, what: world.broken ?? stuck ?? describe(expected, rows, refused !== undefined) }
  }
  if (options.replay !== undefined) return replayed(await replay(options.replay, judge))

  const rates = resolveRates(options.faults)
  const startedMs = process.hrtime.bigint()
  const counts: Record<string, number> = {}
  const violations: Violation[] = []
  let hash = ''
  let schedules = 0
  for (let seed = from; seed < from + seeds && violations.length < violationsMax; seed += 1) {
    const faults = drawFaults(seed, rates, { ...span, ...(faultsMs !== undefined && { ms: faultsMs }) })
    const { result, what } = await judge(seed, faults)
    schedules += 1
    hash = fold(hash, result.world.traceHash)
    if (result.refused)
      counts[`refused ${result.refused.code}`] = (counts[`refused ${result.refused.code}`] ?? 0) + 1
    for (const [name, count] of result.world.counts) counts[name] = (counts[name] ?? 0) + count
    if (what !== undefined) violations.push(await toViolation(seed, faults, what, judge, shrunken))
  }
  const seconds = Number(process.hrtime.bigint() - startedMs) / 1e9
  return { schedules, violations, counts, schedulesPerSecond: schedules / seconds, traceHash: hash }
}

interface Judged {
  readonly result: ScheduleResult
  readonly what: string | undefined
}
export type Judge = (seed: number, faults: readonly Fault[]) => Promise<Judged>

async function toViolation(
  seed: number,
  faults: readonly Fault[],
  what: string,
  judge: Judge,
  shrunken: boolean,
): Promise<Violation> {
  const fails = async (fewer: readonly Fault[]): Promise<boolean> =>
    (await judge(seed, fewer)).what !== undefined
  const smaller = shrunken ? await shrink(faults, fails) : faults
  const again = await judge(seed, smaller)
  return {
    seed,
    what: again.what ?? what,
    trace: JSON.stringify({ seed, faults: smaller }),
    timeline: again.result.world.notes,
  }
}

async function replay(trace: string, judge: Judge): Promise<Violation | Judged> {
  const { seed, faults } = JSON.parse(trace) as { seed: number; faults: readonly Fault[] }
  const judged = await judge(seed, faults)
  return judged.what === undefined
    ? judged
    : { seed, what: judged.what, trace, timeline: judged.result.world.notes }
}

const replayed = (outcome: Violation | Judged): SimulationReport => ({
  schedules: 1,
  violations: 'trace' in outcome ? [outcome] : [],
  counts: {},
  schedulesPerSecond: 0,
  traceHash: 'result' in outcome ? outcome.result.world.traceHash : '',
})

const runOf = (flow: Simulated, { run }: Pick<SimulateOptions, 'run'>): RunOptions => ({
  ...defaultRun,
  ...(isFlow(flow) ? undefined : flow.run),
  ...run,
})

const build = (flow: Simulated): Flow => (isFlow(flow) ? flow : flow())

/** What a run without failures shows at its end, as `expect` takes it. */
export const failureFreeRows = async (
  flow: Simulated,
  options: Pick<SimulateOptions, 'run' | 'livenessMs'> = {},
): Promise<readonly string[]> => (await failureFree(flow, options)).rows

async function failureFree(
  flow: Simulated,
  options: Pick<SimulateOptions, 'run' | 'livenessMs'>,
): Promise<{ readonly rows: readonly string[]; readonly span: FaultSpan }> {
  const { livenessMs = livenessMsDefault } = options
  const run = runOf(flow, options)
  const schedule = { seed: 0, faults: [], run, livenessMs, countCalls: true }
  const { rows, stuck, world, calls } = await runSchedule(build(flow), schedule)
  if (stuck === undefined) return { rows, span: spanOf(world.time.monotonicMs(), calls) }
  throw new ConfigError('SIMULATION_STUCK', `without any failure: ${stuck}`)
}

/** A job that was refused owes what it did not show, nothing else. */
function describe(
  expected: readonly string[],
  found: readonly string[],
  refused: boolean,
): string | undefined {
  const { lost, duplicated, mismatched, differences } = compareRows(expected, found, (row) => row)
  if ((refused ? 0 : lost) + duplicated + mismatched === 0) return undefined
  const first = differences
    .slice(0, 3)
    .map((difference) => `${difference.kind}: ${difference.key}`)
    .join('; ')
  return `${lost} rows lost, ${duplicated} doubled, ${mismatched} others, of ${expected.length} (${first})`
}

/** Order counts. */
const fold = (hash: string, next: string): string =>
  BigInt.asUintN(64, BigInt(`0x${hash || '0'}`) * 6364136223846793005n + BigInt(`0x${next}`)).toString(16)
