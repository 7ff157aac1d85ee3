/**
 * One schedule of a flow, judged: what must be visible is what a run of the same shape without failures shows, and no
 * checker may have found anything.
 */
import type { RunOptions } from '../../../actors/options.ts'
import { ConfigError, isTyped } from '../../../core/errors.ts'
import { isFlow, type Flow } from '../../../operators/flow.ts'
import { fileStore } from '../../../snapshot/stores/file-store.ts'
import { checkConservation, type Conserved } from '../checkers/index.ts'
import { compareRows } from '../compare.ts'
import { blame, type Blame, type Totals } from './blame.ts'
import { CheckedRun, named } from './checked-run.ts'
import { storeFolder } from './folders.ts'
import { spanOf, type FaultSpan } from './draw-faults.ts'
import type { Fault } from './faults.ts'
import { runSchedule, type ScheduleOptions, type ScheduleResult } from './schedule.ts'
import { Taps } from './taps.ts'
import type { World } from './world.ts'

export type SimulatedRun = Pick<
  RunOptions,
  'parallelism' | 'workers' | 'checkpoints' | 'fuse' | 'keyGroups' | 'openMsMax'
>

/**
 * Builds the flow: then every run begins with a fresh one. One that takes a size, in (0, 1], builds it with that share
 * of its records (rounded up): then a failing run can be shrunk to fewer.
 */
export interface FlowMaker {
  (size: number): Flow
  /** How it wants to be run, where `SimulateOptions.run` does not say. */
  readonly run?: SimulatedRun
  /** A quantity that the flow of that size only moves around: summed up in every checkpoint that the run keeps. */
  readonly conserved?: (size: number) => Conserved
}

/** The flow, or a function that builds it. */
export type Simulated = Flow | FlowMaker

/** Plain data: what a trace says. */
export interface Trial {
  readonly flow: string
  readonly seed: number
  readonly faults: readonly Fault[]
  /** Other than how the flow is run by default. */
  readonly workers?: number
  readonly parallelism?: number
  readonly size?: number
}

export interface Judged {
  readonly result: ScheduleResult
  /** Absent when nothing is wrong. */
  readonly what: string | undefined
  readonly differences: readonly RowDifference[]
  /** What the checkers say, whatever else is wrong. */
  readonly findings: readonly string[]
}

export interface RowDifference {
  readonly kind: 'lost' | 'duplicated' | 'mismatched'
  readonly row: string
}

interface FailureFree {
  readonly rows: readonly string[]
  readonly span: FaultSpan
}

const defaultRun: RunOptions = {
  workers: 2,
  keyGroups: 16,
  parallelism: 2,
  checkpoints: { everyMs: 10, failuresMax: 1000, timeoutMs: 2_000 },
  restart: { restartsMax: 1000, delayMsMax: 100, withinMs: 1_000_000 },
}

export interface TrialsOptions {
  readonly run?: SimulatedRun
  readonly livenessMs: number
  readonly expect?: readonly string[]
}

export class Trials {
  private readonly takesSize: boolean
  private readonly flow: Simulated
  private readonly options: TrialsOptions
  private readonly known = new Map<string, FailureFree>()

  constructor(flow: Simulated, options: TrialsOptions) {
    this.flow = flow
    this.options = options
    this.takesSize = !isFlow(flow) && flow.length > 0 && options.expect === undefined
  }

  get name(): string {
    return this.build({}).name
  }

  /** Throws ConfigError `SIMULATION_STUCK` when a run of that shape does not finish without failures. */
  async failureFree(shape: Partial<Trial>): Promise<FailureFree> {
    const { workers, parallelism, size } = shape
    const id = JSON.stringify([workers, parallelism, size])
    const known = this.known.get(id)
    if (known) return known
    const { rows, stuck, world, calls } = await this.run(
      { ...shape, seed: 0, faults: [] },
      { countCalls: true },
    )
    if (stuck !== undefined) throw new ConfigError('SIMULATION_STUCK', `without any failure: ${stuck}`)
    const made = { rows, span: spanOf(world.time.monotonicMs(), calls) }
    this.known.set(id, made)
    return made
  }

  async judge(trial: Trial): Promise<Judged> {
    const expected = this.options.expect ?? (await this.failureFree(trial)).rows
    const observer = new CheckedRun()
    const result = await this.run(trial, { observer })
    const { world, stuck, rows, refused } = result
    const findings = [...observer.check(), ...(await this.conservation(trial, world))]
    const { what, differences } = compare(expected, rows, refused !== undefined)
    return { result, what: world.broken ?? stuck ?? what ?? findings[0], differences, findings }
  }

  private async conservation({ faults, size = 1 }: Trial, { disk }: World): Promise<readonly string[]> {
    const conserved = isFlow(this.flow) ? undefined : this.flow.conserved?.(size)
    // What has rotted cannot be summed up.
    if (!conserved || faults.some(({ kind }) => kind === 'bitRot')) return []
    const store = await fileStore(storeFolder).open(disk)
    const found = checkConservation(store, conserved).catch((error: unknown) => {
      if (isTyped(error)) return [`a checkpoint cannot be read: ${error.message}`]
      throw error
    })
    return named('conservation', await found)
  }

  /** With fewer records: the faults as they are, or in their share of what is now a shorter run. */
  async resized(trial: Trial, size: number): Promise<readonly Trial[]> {
    if (!this.takesSize) return []
    const before = (await this.failureFree(trial)).span
    const after = (await this.failureFree({ ...trial, size })).span
    const faults = trial.faults.map((fault) =>
      scaled(fault, after.ms / before.ms, after.calls / before.calls),
    )
    return [
      { ...trial, size },
      { ...trial, size, faults },
    ]
  }

  /** The step whose results differ, where it can be told: the trial is run again with every step watched. */
  async blame(trial: Trial): Promise<Blame | undefined> {
    const calm = { ...trial, faults: [] }
    const [expected, reordered, found] = [
      await this.totals({ ...calm, seed: 0 }),
      await this.totals(calm),
      await this.totals(trial),
    ]
    return blame({ graph: this.build(trial).graph(), expected, reordered, found })
  }

  private async totals(trial: Trial): Promise<Totals> {
    const taps = new Taps()
    await this.run(trial, { taps })
    return taps.totals()
  }

  private run(
    trial: Pick<Trial, 'seed' | 'faults'> & Partial<Trial>,
    watched: Pick<ScheduleOptions, 'countCalls' | 'taps' | 'observer'> = {},
  ): Promise<ScheduleResult> {
    const { seed, faults, workers, parallelism } = trial
    const run: RunOptions = {
      ...defaultRun,
      ...(isFlow(this.flow) ? undefined : this.flow.run),
      ...this.options.run,
      ...(workers !== undefined && { workers }),
      ...(parallelism !== undefined && { parallelism }),
    }
    const { livenessMs } = this.options
    return runSchedule(this.build(trial), { seed, faults, run, livenessMs, ...watched })
  }

  private build({ size = 1 }: { readonly size?: number }): Flow {
    return isFlow(this.flow) ? this.flow : this.flow(size)
  }
}

function scaled(fault: Fault, ms: number, calls: number): Fault {
  if ('atMs' in fault) return { ...fault, atMs: fault.atMs * ms }
  if ('call' in fault) return { ...fault, call: Math.ceil(fault.call * calls) }
  return { ...fault, hit: Math.ceil(fault.hit / 2) }
}

const differencesShown = 3

/** A job that was refused owes what it did not show, nothing else. */
function compare(
  expected: readonly string[],
  found: readonly string[],
  refused: boolean,
): Pick<Judged, 'what' | 'differences'> {
  const { lost, duplicated, mismatched, differences } = compareRows(expected, found, (row) => row)
  if ((refused ? 0 : lost) + duplicated + mismatched === 0) return { what: undefined, differences: [] }
  return {
    what: `${lost} rows lost, ${duplicated} doubled, ${mismatched} others, of ${expected.length}`,
    differences: (['lost', 'duplicated', 'mismatched'] as const).flatMap((kind) =>
      differences
        .filter((difference) => difference.kind === kind)
        .slice(0, differencesShown)
        .map(({ key }) => ({ kind, row: key })),
    ),
  }
}
