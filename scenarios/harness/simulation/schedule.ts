/**
 * One simulated run of a flow: faults for a while, then none until the job must be finished.
 *
 * - Safety: the engine breaks no rule of its own, and nothing becomes visible that a run without failures would not
 *   show, or more often. It is looked at once, when the job is finished and whoever was stopped has gone on: output that is visible is never taken back.
 * - Liveness: once the faults stop, the job finishes within a bound of virtual time. Where a stored bit has flipped
 *   it may refuse to go on instead, with a typed error, time and again.
 */
import { isTyped, type MillraceError } from '../../../core/errors.ts'
import type { FailpointName, FailpointPlace } from '../../../core/ports/index.ts'
import type { SimulatedFiles } from '../../../core/simulated/files.ts'
import type { RunOptions } from '../../../actors/options.ts'
import type { Flow } from '../../../operators/flow.ts'
import type { Graph } from '../../../operators/graph.ts'
import { brokenRules } from './broken-rules.ts'
import { Cluster } from './cluster.ts'
import { endMs, type Fault, type RunShape } from './faults.ts'
import { Injector } from './injector.ts'
import { instrumented } from './instrument.ts'
import { roleOf } from './roles.ts'
import { withOwnMemory } from './run-memory.ts'
import type { Taps } from './taps.ts'
import { isCodeFault, UserCode } from './user-code.ts'
import type { Observer } from './observer.ts'
import { visibleRows } from './visible-rows.ts'
import { World } from './world.ts'

export interface ScheduleOptions {
  readonly seed: number
  readonly faults: readonly Fault[]
  readonly run: RunOptions
  /** Virtual ms from the last fault to the end of the job. */
  readonly livenessMs: number
  /** Count calls of user code also where no fault needs it. Default false. */
  readonly countCalls?: boolean
  /** Sees what every step receives and emits. */
  readonly taps?: Taps
  /** A failed job is the end: nobody starts it again. Default false. */
  readonly failureEnds?: boolean
  /** Called while nothing runs, before the flow is started again. */
  readonly betweenRuns?: (disk: SimulatedFiles) => Promise<void>
  readonly observer?: Observer
}

export interface ScheduleResult {
  readonly rows: readonly string[]
  /** Absent when the job finished, was refused, or failed where that is the end. */
  readonly stuck: string | undefined
  /** Why the job does not go on where what is stored is damaged. */
  readonly refused: MillraceError | undefined
  /** What runs failed with, oldest first. */
  readonly failures: readonly Error[]
  readonly world: World
  readonly runs: number
  /** Of user code; 0 where nobody counted. */
  readonly calls: number
}

const restartRunMs = 20
/** So many refusals in a row are the job's last word. */
const refusalsMax = 3
/** How long those that were stopped are watched when they go on. */
const zombiesMs = 500
/** No answer to damage: bugs, simulated crashes, and another run's reign. */
const neverRefusals = ['INVARIANT', 'CRASH', 'SUPERSEDED']

export async function runSchedule(flow: Flow, options: ScheduleOptions): Promise<ScheduleResult> {
  const schedule = new Schedule(flow, options)
  return schedule.run()
}

class Schedule {
  private readonly flow: Flow
  private readonly graph: Graph
  private readonly options: ScheduleOptions
  private readonly world: World
  private readonly injector: Injector
  private readonly code: UserCode
  private readonly failures: Error[] = []
  private readonly mayRefuse: boolean
  private refusals = 0
  private cluster: Cluster | undefined
  private runs = 0
  /** How it was run before and is now, where not as it was at first. */
  private readonly shapes: RunShape[] = []
  private startingAgain = false

  constructor(flow: Flow, options: ScheduleOptions) {
    const { seed, faults } = options
    this.flow = flow
    this.options = options
    this.world = new World({
      seed,
      recordsPerStep: 4,
      fileFault: (operation, path) => this.injector.fileFault(operation, path),
      reading: (bytes) => this.injector.reading(bytes),
      brokenRules: brokenRules(faults, options.run.checkpoints),
      failpoint: (name, place) => this.failpoint(name, place),
      observer: options.observer,
    })
    const stage = {
      world: this.world,
      faults,
      cluster: () => this.cluster,
      takeOver: () => this.startRun(),
      restart: () => this.startRunLater(),
      rescale: (shape: RunShape) => this.rescale(shape),
      roleOf: (place: FailpointPlace) => roleOf(this.flow.graph(), place),
    }
    this.injector = new Injector(stage, seed)
    this.mayRefuse = faults.some(({ kind }) => kind === 'bitRot')
    this.code = new UserCode(this.world, faults)
    this.graph = this.watched()
    const { taps } = options
    if (taps) this.world.onEvent = (event, parent) => taps.atEvent(event, parent)
  }

  async run(): Promise<ScheduleResult> {
    const { world, options, injector } = this
    this.startRun()
    injector.schedule()
    const lastMs = Math.max(0, ...options.faults.map(endMs))
    const over = await world.run(lastMs + options.livenessMs, () => this.isOver())
    const stuck = over ? undefined : this.describeStuck()
    // The last word is said: a zombie's end does not take it back.
    const refused = this.isRefused() ? this.lastRefusal() : undefined
    injector.calm()
    const zombiesUntilMs = world.stoppedUntilMs + zombiesMs
    if (over && world.stoppedUntilMs > world.time.monotonicMs())
      await world.run(zombiesUntilMs - world.time.monotonicMs(), () => false)
    this.cluster?.kill()
    const { failures, runs } = this
    const rows = await visibleRows(this.flow, world.disk)
    return { rows, stuck, refused, failures, world, runs, calls: this.code.calls }
  }

  private watched(): Graph {
    const { options, world, code, flow } = this
    const { taps } = options
    const counts = options.countCalls === true || options.faults.some(isCodeFault)
    if (!counts && !taps) return flow.graph()
    return instrumented(flow.graph(), {
      ...(counts && { call: (step, droppable, run) => code.call(step, droppable, run) }),
      ...(taps && { view: (step) => world.running && taps.view(step, world.running) }),
    })
  }

  private isOver(): boolean {
    const { outcome } = this.cluster ?? {}
    if (outcome?.kind === 'ended' || this.isRefused()) return true
    return outcome?.kind === 'failed' && this.options.failureEnds === true
  }

  private isRefused(): boolean {
    return this.refusals >= refusalsMax
  }

  private lastRefusal(): MillraceError | undefined {
    const last = this.failures.at(-1)
    return isTyped(last) ? last : undefined
  }

  private startRun(): void {
    this.runs += 1
    this.world.note(`run ${this.runs} starts`)
    const graph = withOwnMemory(this.graph, () => this.cluster !== cluster)
    const cluster = new Cluster(this.world, graph, { ...this.options.run, ...this.shapes.at(-1) })
    this.cluster = cluster
    void cluster.start().then(() => {
      const { outcome } = cluster
      if (outcome.kind !== 'failed') return
      this.failed(outcome.error)
      // C4: what was on its way can only go on as before.
      if (isTyped(outcome.error) && outcome.error.code === 'RESCALE_UNALIGNED') this.shapes.pop()
      // Whoever operates the job starts it again, as a process manager would.
      if (this.cluster === cluster && this.options.failureEnds !== true) this.startRunLater()
    })
  }

  private rescale({ parallelism, workers }: RunShape): void {
    this.shapes.push({ parallelism, workers })
    this.startRunLater()
  }

  private startRunLater(): void {
    this.cluster?.kill()
    // Whoever starts it again does so once, however many kills there were meanwhile.
    if (this.startingAgain) return
    this.startingAgain = true
    this.world.time.after(restartRunMs, () => {
      this.startingAgain = false
      this.startNextRun()
    })
  }

  private startNextRun(): void {
    const { betweenRuns } = this.options
    if (!betweenRuns) return this.startRun()
    void this.injector.without(() => betweenRuns(this.world.disk)).then(() => this.startRun())
  }

  private describeStuck(): string {
    const { outcome } = this.cluster ?? {}
    if (outcome?.kind === 'failed') return `the job fails again and again: ${outcome.error.message}`
    return `the job did not finish within ${this.options.livenessMs} ms of virtual time after the last fault`
  }

  private failed(error: Error): void {
    this.failures.push(error)
    if (isTyped(error)) this.world.report(error.code, error.message)
    const refusal = isTyped(error) && error.retry === 'fatal' && !neverRefusals.includes(error.code)
    this.refusals = this.mayRefuse && refusal ? this.refusals + 1 : 0
  }

  private failpoint(name: FailpointName, place: FailpointPlace): void {
    this.world.count(`point ${name} @${roleOf(this.flow.graph(), place)}`)
    const { running } = this.world
    if (running) this.options.taps?.atMoment(name, place, running)
    this.injector.atFailpoint(name, place)
  }
}
