/**
 * `simulate`: a user's whole job (coordinator, workers, links, network, store, crashes) in one thread and virtual
 * time, from one seed, as often as one likes. FoundationDB and TigerBeetle show how.
 */
import { ConfigError } from '../../../core/errors.ts'
import { drawFaults, resolveRates, usualSpan, type FaultRates } from './draw-faults.ts'
import { shrink } from './shrink.ts'
import { Trials, type Judged, type Simulated, type SimulatedRun, type Trial } from './trial.ts'
import { violationOf, type Violation } from './violation.ts'

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
  /** Whether a violation is reduced to what it needs. Default true. */
  readonly shrunken?: boolean
  /**
   * Rerun one failing schedule: the `trace` of a violation. Default: that of the environment variable `REPLAY`, when
   * it is of this flow; then the timeline is printed.
   */
  readonly replay?: string
}

export interface SimulationReport {
  readonly schedules: number
  readonly violations: readonly Violation[]
  /** How often each fault was injected, each protocol point hit (by whom), each event seen. */
  readonly counts: Readonly<Record<string, number>>
  readonly schedulesPerSecond: number
  /** Of all histories: equal in two processes for equal seeds. */
  readonly traceHash: string
}

const livenessMsDefault = 600_000

/**
 * Runs `seeds` schedules of the flow, each with its own faults. Sources must be in memory (`fromArray`,
 * `fromGenerator`); output is what `collect` and `toJsonl` made visible. Resolves to a report; a violation is not
 * an error. Throws ConfigError: `SIMULATION_STUCK` when the run without failures does not finish, `FAULT_RATE`,
 * `TRACE_ILLEGAL`.
 */
export async function simulate(flow: Simulated, options: SimulateOptions = {}): Promise<SimulationReport> {
  const { seeds = 100, from = 1, violationsMax = 10, shrunken = true, faultsMs } = options
  const rates = resolveRates(options.faults)
  const trials = trialsOf(flow, options)
  const { name } = trials
  const again = traceFor(name, options)
  if (again) return replay(trials, again)

  const span = options.expect ? usualSpan : (await trials.failureFree({})).span
  const startedNs = process.hrtime.bigint()
  const counts: Record<string, number> = {}
  const add = (what: string, count: number): void => void (counts[what] = (counts[what] ?? 0) + count)
  const violations: Violation[] = []
  let hash = ''
  let schedules = 0
  for (let seed = from; seed < from + seeds && violations.length < violationsMax; seed += 1) {
    const faults = drawFaults(seed, rates, faultsMs === undefined ? span : { ...span, ms: faultsMs })
    const trial = { flow: name, seed, faults }
    const judged = await trials.judge(trial)
    schedules += 1
    hash = fold(hash, judged.result.world.traceHash)
    if (judged.result.refused) add(`refused ${judged.result.refused.code}`, 1)
    for (const [what, count] of judged.result.world.counts) add(what, count)
    if (judged.what !== undefined) violations.push(await explain(trials, trial, judged, shrunken))
  }
  const seconds = Number(process.hrtime.bigint() - startedNs) / 1e9
  return { schedules, violations, counts, schedulesPerSecond: schedules / seconds, traceHash: hash }
}

/** What a run without failures shows at its end, as `expect` takes it. */
export const failureFreeRows = async (
  flow: Simulated,
  options: Pick<SimulateOptions, 'run' | 'livenessMs'> = {},
): Promise<readonly string[]> => (await trialsOf(flow, options).failureFree({})).rows

const trialsOf = (flow: Simulated, options: SimulateOptions): Trials => {
  const { livenessMs = livenessMsDefault, run, expect } = options
  return new Trials(flow, { livenessMs, ...(run && { run }), ...(expect && { expect }) })
}

async function explain(trials: Trials, trial: Trial, judged: Judged, shrunken: boolean): Promise<Violation> {
  if (!shrunken) return violationOf(trial, judged, undefined)
  const smallest = await shrink(trial, {
    resized: (larger, size) => trials.resized(larger, size),
    fails: async (smaller) => (await trials.judge(smaller)).what !== undefined,
  })
  return blamed(trials, smallest, await trials.judge(smallest))
}

/** Where all rows are as expected no step is to blame. */
const blamed = async (trials: Trials, trial: Trial, judged: Judged): Promise<Violation> =>
  violationOf(trial, judged, judged.differences.length > 0 ? await trials.blame(trial) : undefined)

async function replay(trials: Trials, { trial, printed }: Again): Promise<SimulationReport> {
  const judged = await trials.judge(trial)
  const violations = judged.what === undefined ? [] : [await blamed(trials, trial, judged)]
  if (printed) {
    const end = violations[0]?.report ?? 'nothing is wrong any more'
    process.stderr.write(`${[...judged.result.world.notes, end].join('\n')}\n`)
  }
  return {
    schedules: 1,
    violations,
    counts: Object.fromEntries(judged.result.world.counts),
    schedulesPerSecond: 0,
    traceHash: judged.result.world.traceHash,
  }
}

interface Again {
  readonly trial: Trial
  readonly printed: boolean
}

function traceFor(flow: string, options: SimulateOptions): Again | undefined {
  if (options.replay !== undefined) return { trial: readTrace(options.replay), printed: false }
  const { REPLAY } = process.env
  if (REPLAY === undefined || REPLAY === '') return undefined
  const trial = readTrace(REPLAY)
  return trial.flow === flow ? { trial, printed: true } : undefined
}

function readTrace(trace: string): Trial {
  try {
    const trial = JSON.parse(trace) as Partial<Trial> | null
    if (typeof trial?.seed === 'number' && Array.isArray(trial.faults)) return trial as Trial
  } catch {
    // Said below.
  }
  throw new ConfigError(
    'TRACE_ILLEGAL',
    `expected the trace of a violation, as JSON with its seed and faults, got ${trace.slice(0, 100)}`,
  )
}

/** Order counts. */
const fold = (hash: string, next: string): string =>
  BigInt.asUintN(64, BigInt(`0x${hash || '0'}`) * 6364136223846793005n + BigInt(`0x${next}`)).toString(16)
