/** Makes the faults of one schedule happen. */
import { MillraceError } from '../../../core/errors.ts'
import type { FailpointName, FailpointPlace } from '../../../core/ports/index.ts'
import { below } from '../../../core/ports/random.ts'
import { seededRandom } from '../../../core/simulated/random.ts'
import { systemError } from '../../../core/simulated/files.ts'
import { workerId, type WorkerId } from '../../../core/ids.ts'
import { coordinatorAddress } from '../../../actors/worker/remote-host.ts'
import type { Cluster } from './cluster.ts'
import type { Fault, RunShape, TimedFault } from './faults.ts'
import { isSlow, storeFolder } from './folders.ts'
import { calmNetwork, fileMsUsual, type World } from './world.ts'

type FailpointFault = Extract<Fault, { kind: 'failpoint' }>

/** What injecting needs of a schedule. */
export interface Stage {
  readonly world: World
  readonly faults: readonly Fault[]
  /** The run that is on; undefined before the first and between two. */
  cluster(): Cluster | undefined
  /** Starts another run beside the one that is on. */
  takeOver(): void
  roleOf(place: FailpointPlace): string
  /** Ends the run that is on and starts another after a while. */
  restart(): void
  /** The same, and of that shape from now on. */
  rescale(shape: RunShape): void
}

export class Injector {
  private readonly stage: Stage
  private readonly hits = new Map<Fault, number>()
  private readonly chance
  /** Those that last, while they do. */
  private readonly active = new Set<Fault>()

  constructor(stage: Stage, seed: number) {
    this.stage = stage
    this.chance = seededRandom(seed * 8 + 4)
  }

  /** Every timed fault in its time. */
  schedule(): void {
    for (const fault of this.stage.faults)
      if ('atMs' in fault) this.stage.world.time.after(fault.atMs, () => this.inject(fault))
  }

  /** Nothing that lasts goes on. */
  calm(): void {
    this.active.clear()
    this.stage.world.fileMs = () => fileMsUsual
  }

  /** Nothing that lasts troubles the work. */
  async without(work: () => Promise<void>): Promise<void> {
    const paused = [...this.active]
    this.active.clear()
    await work()
    for (const fault of paused) this.active.add(fault)
  }

  /** To call at every protocol moment; throws to crash what came there. */
  atFailpoint(name: FailpointName, place: FailpointPlace): void {
    const due: FailpointFault[] = []
    for (const fault of this.stage.faults) {
      if (fault.kind !== 'failpoint' || fault.name !== name || !isAt(fault, place)) continue
      const hit = (this.hits.get(fault) ?? 0) + 1
      this.hits.set(fault, hit)
      if (hit === fault.hit) due.push(fault)
    }
    // All have counted this hit: what acts throws.
    for (const fault of due) this.act(fault, place)
  }

  /** What a file operation fails with, if it does. */
  fileFault(operation: string, path: string): Error | undefined {
    for (const fault of this.active) {
      if (fault.kind !== 'disk' || !this.hitsRate(fault.rate)) continue
      const writes = ['append', 'open', 'link', 'makeFolder'].includes(operation)
      if (fault.code === 'EIO' || writes) return systemError(fault.code, operation, path)
    }
    return undefined
  }

  /** What is read of a file: another byte now and then. */
  reading(bytes: Uint8Array): Uint8Array {
    for (const fault of this.active) {
      if (fault.kind !== 'bitFlip' || bytes.length === 0 || !this.hitsRate(fault.rate)) continue
      const at = below(this.chance, bytes.length)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << below(this.chance, 8))
      this.stage.world.count('bit flipped')
    }
    return bytes
  }

  private hitsRate(rate: number): boolean {
    return below(this.chance, 1_000_000) < rate * 1_000_000
  }

  private inject(fault: TimedFault): void {
    const { world } = this.stage
    const cluster = this.stage.cluster()
    if (!cluster || cluster.outcome.kind === 'ended') return
    world.count(`fault ${fault.kind}`)
    world.note(`fault ${JSON.stringify(fault)}`)
    switch (fault.kind) {
      case 'killWorker':
        return withPick(cluster.workers, fault.pick, (id) => cluster.killWorker(id))
      case 'stopWorker':
        return withPick(cluster.workers, fault.pick, (id) => cluster.stopWorker(id, fault.forMs))
      case 'killParent':
        return this.stage.restart()
      case 'rescale':
        return this.stage.rescale(fault)
      case 'stopParent':
        return this.stopParent(cluster, fault)
      case 'startAgain':
        return this.stage.takeOver()
      case 'powerLoss':
        return this.losePower()
      case 'network':
        cluster.network.setFaults(fault.faults)
        return this.later(fault, () => cluster.network.setFaults(calmNetwork))
      case 'partition':
        return withPick(everyone(cluster), fault.pick, (id) => {
          cluster.network.disconnect(id)
          this.later(fault, () => cluster.network.reconnect(id))
        })
      case 'oneWay':
        return withPick(everyone(cluster), fault.pick, (id) => {
          cluster.network.cut(id, fault.direction)
          this.later(fault, () => cluster.network.mend(id))
        })
      case 'natsRestart':
        cluster.network.stopServer()
        return this.later(fault, () => cluster.network.startServer())
      case 'slowDisk':
        world.fileMs = (path) => (isSlow(fault.where, path) ? fault.operationMsMax : fileMsUsual)
        return this.later(fault, () => {
          world.fileMs = () => fileMsUsual
          if (fault.endsDark) this.losePower()
        })
      case 'disk':
      case 'bitFlip':
        this.active.add(fault)
        return this.later(fault, () => {
          this.active.delete(fault)
          if (fault.kind === 'disk' && fault.endsDark) this.losePower()
        })
      case 'bitRot':
        return withPick(world.disk.paths(storeFolder), fault.pick, (path) => {
          if (world.disk.flipBit(path, fault.bit)) world.note(`a bit of ${path} flips`)
        })
      case 'clockJump':
        return world.time.jumpWall(fault.byMs)
    }
  }

  private later(fault: Extract<TimedFault, { readonly forMs: number }>, fn: () => void): void {
    this.stage.world.time.after(fault.forMs, fn)
  }

  private losePower(): void {
    this.stage.world.losePower()
    this.stage.restart()
  }

  /** Another run takes over while the first one's parent stands still; both are alive when it goes on. */
  private stopParent(
    cluster: Cluster,
    { forMs, worker }: Pick<Extract<Fault, { kind: 'stopParent' }>, 'forMs' | 'worker'>,
  ): void {
    cluster.stopParent(forMs)
    withPick(cluster.workers, 0.5, (id) => {
      if (worker === 'kill') cluster.killWorker(id)
      if (worker === 'stop') cluster.stopWorker(id, forMs / 2)
    })
    this.stage.takeOver()
  }

  /** A kill throws too: nothing behind the failpoint happens any more. */
  private act(fault: FailpointFault, place: FailpointPlace): void {
    const { world } = this.stage
    const cluster = this.stage.cluster()
    const { name, action, forMs = 1_000 } = fault
    world.count(`fault failpoint`)
    world.count(`crash ${name} @${this.stage.roleOf(place)}`)
    world.note(`fault at ${name} ${JSON.stringify(place)}: ${action}`)
    if (action === 'stopParent') {
      if (cluster) this.stopParent(cluster, { forMs })
      return
    }
    if (action === 'stopWorker') {
      if (place.worker !== undefined) cluster?.stopWorker(workerId(place.worker), forMs)
      return
    }
    if (action === 'losePower') this.losePower()
    if (action === 'killParent') this.stage.restart()
    if (action === 'killWorker' && place.worker !== undefined) cluster?.killWorker(workerId(place.worker))
    throw new MillraceError('CRASH', `crashed at ${name}`, { retry: 'retry' })
  }
}

function isAt({ steps }: FailpointFault, { task }: FailpointPlace): boolean {
  return steps === undefined || (task !== undefined && steps.includes(task.replace(/\[.*/, '')))
}

const everyone = (cluster: Cluster): readonly WorkerId[] => [...cluster.workers, workerId(coordinatorAddress)]

function withPick<T>(items: readonly T[], pick: number, fn: (item: T) => void): void {
  const item = items[Math.floor(pick * items.length)]
  if (item !== undefined) fn(item)
}
