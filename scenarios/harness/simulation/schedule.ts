/**
 * One simulated run of a flow: faults for a while, then none until the job must be finished.
 *
 * - Safety: the engine breaks no rule of its own, and nothing becomes visible that a run without failures would not show, or more often. It is looked at once,
 *   at the end: output that is visible is never taken back.
 * - Liveness: once the faults stop, the job finishes within a bound of virtual time.
 */
import { MillraceError } from '../../../core/errors.ts'
import type { FailpointName, FailpointPlace } from '../../../core/ports/index.ts'
import { below } from '../../../core/ports/random.ts'
import { seededRandom } from '../../../core/simulated/random.ts'
import { systemError, type SimulatedFiles } from '../../../core/simulated/files.ts'
import { workerId } from '../../../core/ids.ts'
import type { RunOptions } from '../../../actors/options.ts'
import type { Flow } from '../../../operators/flow.ts'
import { Cluster } from './cluster.ts'
import type { Fault } from './faults.ts'
import { visibleRows } from './visible-rows.ts'
import { World } from './world.ts'

export interface ScheduleOptions {
  readonly seed: number
  readonly faults: readonly Fault[]
  readonly run: RunOptions
  /** Virtual ms from the last fault to the end of the job. */
  readonly livenessMs: number
  /** A failed job is the end: nobody starts it again. Default false. */
  readonly failureEnds?: boolean
  /** Called while nothing runs, before the flow is started again. */
  readonly betweenRuns?: (disk: SimulatedFiles) => Promise<void>
}

export interface ScheduleResult {
  readonly rows: readonly string[]
  /** Absent when the job finished, or failed where that is the end. */
  readonly stuck: string | undefined
  /** What runs failed with, oldest first. */
  readonly failures: readonly Error[]
  readonly world: World
  readonly runs: number
}

const restartRunMs = 20

/** Links wait this long for an answer, less what they need to notice (L4). */
const linkPatienceMs = 20_000

/** What the engine reports when it broke a rule of its own; links heal by themselves from all that is shorter (L4). */
function brokenRules(faults: readonly Fault[]): ReadonlySet<string> {
  const rules = ['INVARIANT', 'LINK_PROTOCOL', 'COORDINATOR_FAILED']
  const longest = Math.max(0, ...faults.map((fault) => ('forMs' in fault ? fault.forMs : 0)))
  return new Set(longest < linkPatienceMs ? [...rules, 'LINK_TIMEOUT'] : rules)
}

export async function runSchedule(flow: Flow, options: ScheduleOptions): Promise<ScheduleResult> {
  const schedule = new Schedule(flow, options)
  return schedule.run()
}

class Schedule {
  private readonly flow: Flow
  private readonly options: ScheduleOptions
  private readonly world: World
  private readonly hits = new Map<Fault, number>()
  private readonly failures: Error[] = []
  private cluster: Cluster | undefined
  private runs = 0
  private diskFault: Extract<Fault, { kind: 'disk' }> | undefined
  private readonly diskRandom

  constructor(flow: Flow, options: ScheduleOptions) {
    this.flow = flow
    this.options = options
    this.diskRandom = seededRandom(options.seed * 8 + 4)
    this.world = new World({
      seed: options.seed,
      fileMsMax: 1,
      recordsPerStep: 4,
      fileFault: (operation, path) => this.fileFault(operation, path),
      brokenRules: brokenRules(options.faults),
      failpoint: (name, place) => this.failpoint(name, place),
    })
  }

  async run(): Promise<ScheduleResult> {
    const { world, options } = this
    this.startRun()
    let lastMs = 0
    for (const fault of options.faults) {
      if (fault.kind === 'failpoint') continue
      world.time.after(fault.atMs, () => this.inject(fault))
      lastMs = Math.max(lastMs, fault.atMs + ('forMs' in fault ? fault.forMs : 0))
    }
    const finished = await world.run(lastMs + options.livenessMs, () => this.isOver())
    const stuck = finished ? undefined : this.describeStuck()
    this.cluster?.kill()
    this.diskFault = undefined
    const { failures, runs } = this
    return { rows: await visibleRows(this.flow, world.disk), stuck, failures, world, runs }
  }

  private isOver(): boolean {
    const { outcome } = this.cluster ?? {}
    return outcome?.kind === 'ended' || (outcome?.kind === 'failed' && this.options.failureEnds === true)
  }

  private startRun(): void {
    this.runs += 1
    this.world.note(`run ${this.runs} starts`)
    const cluster = new Cluster(this.world, this.flow, this.options.run, { delayMsMax: 1 })
    this.cluster = cluster
    void cluster.start().then(() => {
      const { outcome } = cluster
      if (outcome.kind !== 'failed') return
      this.failures.push(outcome.error)
      // Whoever operates the job starts it again, as a process manager would.
      if (this.cluster === cluster && this.options.failureEnds !== true) this.startRunLater()
    })
  }

  private startRunLater(): void {
    this.cluster?.kill()
    this.world.time.after(restartRunMs, () => this.startNextRun())
  }

  private startNextRun(): void {
    const { betweenRuns } = this.options
    if (!betweenRuns) return this.startRun()
    const { diskFault } = this
    this.diskFault = undefined
    void betweenRuns(this.world.disk).then(() => {
      this.diskFault = diskFault
      this.startRun()
    })
  }

  private describeStuck(): string {
    const { outcome } = this.cluster ?? {}
    if (outcome?.kind === 'failed') return `the job fails again and again: ${outcome.error.message}`
    return `the job did not finish within ${this.options.livenessMs} ms of virtual time after the last fault`
  }

  private inject(fault: Exclude<Fault, { kind: 'failpoint' }>): void {
    const { cluster, world } = this
    if (!cluster || cluster.outcome.kind === 'ended') return
    world.count(`fault ${fault.kind}`)
    world.note(`fault ${JSON.stringify(fault)}`)
    switch (fault.kind) {
      case 'killWorker': {
        const id = pickOf(cluster.workers, fault.pick)
        if (id) cluster.killWorker(id)
        break
      }
      case 'stopWorker': {
        const id = pickOf(cluster.workers, fault.pick)
        if (id) cluster.stopWorker(id, fault.forMs)
        break
      }
      case 'killParent':
        this.startRunLater()
        break
      case 'stopParent':
        this.stopParent(cluster, fault.forMs)
        break
      case 'powerLoss':
        cluster.kill()
        world.losePower()
        world.time.after(restartRunMs, () => this.startNextRun())
        break
      case 'network':
        cluster.network.setFaults(fault.faults)
        world.time.after(fault.forMs, () => cluster.network.setFaults({ delayMsMax: 1 }))
        break
      case 'partition': {
        const id = pickOf([...cluster.workers, workerId('coordinator')], fault.pick)
        if (!id) break
        cluster.network.disconnect(id)
        world.time.after(fault.forMs, () => cluster.network.reconnect(id))
        break
      }
      case 'disk':
        this.diskFault = fault
        world.time.after(fault.forMs, () => (this.diskFault = undefined))
    }
  }

  /** Another run takes over while the first one's parent stands still; both are alive when it goes on. */
  private stopParent(cluster: Cluster, forMs: number): void {
    cluster.parent.stop()
    this.world.time.after(forMs, () => cluster.parent.continue())
    this.startRun()
  }

  private failpoint(name: FailpointName, place: FailpointPlace): void {
    this.world.count(`point ${name}`)
    for (const fault of this.options.faults) {
      if (fault.kind !== 'failpoint' || fault.name !== name || !isAt(fault, place)) continue
      const hit = (this.hits.get(fault) ?? 0) + 1
      this.hits.set(fault, hit)
      if (hit === fault.hit) this.act(fault, place)
    }
  }

  /** A kill throws too: nothing behind the failpoint happens any more. */
  private act(fault: Extract<Fault, { kind: 'failpoint' }>, place: FailpointPlace): void {
    const { cluster, world } = this
    const { name, action, forMs = 1_000 } = fault
    world.count(`fault failpoint`)
    world.note(`fault at ${name} ${JSON.stringify(place)}: ${action}`)
    if (action === 'stopParent') {
      if (cluster) this.stopParent(cluster, forMs)
      return
    }
    if (action === 'stopWorker') {
      if (place.worker !== undefined) cluster?.stopWorker(workerId(place.worker), forMs)
      return
    }
    if (action === 'killParent') this.startRunLater()
    if (action === 'killWorker' && place.worker !== undefined) cluster?.killWorker(workerId(place.worker))
    throw new MillraceError('CRASH', `crashed at ${name}`, { retry: 'retry' })
  }

  private fileFault(operation: string, path: string): Error | undefined {
    const { diskFault } = this
    if (!diskFault || below(this.diskRandom, 1_000_000) >= diskFault.rate * 1_000_000) return undefined
    const writes = ['append', 'open', 'link', 'makeFolder'].includes(operation)
    if (diskFault.code === 'ENOSPC' && !writes) return undefined
    return systemError(diskFault.code, operation, path)
  }
}

function isAt({ steps }: Extract<Fault, { kind: 'failpoint' }>, { task }: FailpointPlace): boolean {
  return steps === undefined || (task !== undefined && steps.includes(task.replace(/\[.*/, '')))
}

const pickOf = <T>(items: readonly T[], pick: number): T | undefined => items[Math.floor(pick * items.length)]
