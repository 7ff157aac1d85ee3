/** One `run` of a flow in the simulated world: a parent process with the job, and its workers, over a network. */
import { Job } from '../../../actors/job/job.ts'
import type { JobResult } from '../../../actors/job/job-result.ts'
import type { JobEvent } from '../../../actors/events.ts'
import { resolveOptions, type RunOptions } from '../../../actors/options.ts'
import { coordinatorAddress, remoteHost, type Launcher } from '../../../actors/worker/remote-host.ts'
import { startRemoteWorker } from '../../../actors/worker/remote-worker.ts'
import type { Worker } from '../../../actors/worker/worker.ts'
import type { WorkerId } from '../../../core/ids.ts'
import { workerId } from '../../../core/ids.ts'
import type { Graph } from '../../../operators/graph.ts'
import { fileStore } from '../../../snapshot/stores/file-store.ts'
import { memoryChannels, type SimulatedNetwork } from '../../../transport/simulated/memory-channels.ts'
import { storeFolder } from './folders.ts'
import type { SimulatedProcess } from './process.ts'
import { calmNetwork, type World } from './world.ts'

interface Member {
  readonly process: SimulatedProcess
  readonly worker: Worker
  lost: ((reason: string) => void) | undefined
}

/** How long a stopped worker goes unnoticed, ms: then it is taken for dead. */
const silentMs = 10_000
/** How long a child takes to die, and its parent to hear of it, ms. */
const deathMs = 2

/** How long a worker outlives its parent at most, ms: the next run may have begun. */
const orphanMsMax = 40

export type ClusterOutcome =
  | { readonly kind: 'running' }
  | { readonly kind: 'ended'; readonly result: JobResult }
  | { readonly kind: 'failed'; readonly error: Error }

export class Cluster {
  outcome: ClusterOutcome = { kind: 'running' }
  readonly parent: SimulatedProcess
  readonly network: SimulatedNetwork
  private readonly world: World
  private readonly graph: Graph
  private readonly options: RunOptions
  private readonly members = new Map<WorkerId, Member>()

  constructor(world: World, graph: Graph, options: RunOptions) {
    this.world = world
    this.graph = graph
    this.options = options
    this.parent = world.process('parent')
    const { time, networkRandom } = world
    this.network = memoryChannels({
      clock: time,
      timers: time,
      random: networkRandom,
      faults: calmNetwork,
    })
  }

  /** Starts the job; `outcome` tells how it ended. */
  async start(): Promise<void> {
    const { parent, graph, world } = this
    try {
      const options = resolveOptions({ ...this.options, nats: 'nats://simulated', ports: parent.ports })
      const store = await fileStore(storeFolder).open(parent.ports.files)
      const host = remoteHost({
        channel: parent.channel(this.network.channel(coordinatorAddress)),
        timers: parent.ports.timers,
        launcher: this.launcher(),
      })
      const job = new Job({
        graph,
        options,
        store,
        host: { host, nats: undefined, close: () => host.close() },
        dispose: () => store.close(),
      })
      void this.watch(job)
      await job.start()
      const result = await job.finished
      this.outcome = { kind: 'ended', result }
    } catch (error) {
      this.outcome = { kind: 'failed', error: error as Error }
      world.note(`job failed: ${(error as Error).message}`)
    }
  }

  get workers(): readonly WorkerId[] {
    return [...this.members.keys()]
  }

  killWorker(id: WorkerId): void {
    const member = this.members.get(id)
    if (!member) return
    member.process.kill()
    member.worker.drop()
    this.members.delete(id)
    this.network.disconnect(id)
    const { lost } = member
    if (lost) this.world.time.after(deathMs, () => this.parent.enter(() => lost('killed')))
  }

  /** A worker that is stopped for long is taken for dead; continued later, it is a zombie of an old epoch. */
  stopWorker(id: WorkerId, forMs: number): void {
    const member = this.members.get(id)
    if (!member) return
    this.world.stop(member.process, forMs)
    if (forMs <= silentMs) return
    this.world.time.after(silentMs, () => {
      const { lost } = member
      if (!lost || !this.members.has(id)) return
      member.lost = undefined
      this.members.delete(id)
      this.parent.enter(() => lost('silent'))
    })
  }

  /** Its workers go on without it. */
  stopParent(forMs: number): void {
    this.world.stop(this.parent, forMs)
  }

  /** The parent dies; its workers' guardians notice and end them. */
  kill(): void {
    this.parent.kill()
    for (const { process, worker } of this.members.values()) {
      this.world.time.after(this.world.chance() * orphanMsMax, () => {
        process.kill()
        worker.drop()
      })
    }
    this.members.clear()
  }

  private async watch(job: Job): Promise<void> {
    for await (const event of job.events.read()) this.noteEvent(event)
  }

  private noteEvent(event: JobEvent): void {
    if (event.event === 'job.progress') return
    if ('code' in event) this.world.report(event.code, 'reason' in event ? event.reason : event.message)
    this.world.count(event.event)
    if (event.event === 'checkpoint.completed' && event.channelBytes > 0) {
      this.world.count('checkpoint with channel state')
    }
    this.world.events.push(event)
    this.world.onEvent(event, this.parent)
    this.world.note(JSON.stringify({ ...event, atMs: undefined }))
  }

  private launcher(): Launcher {
    return {
      launch: (id, lost) => {
        const place = workerId(id)
        const process = this.world.process(id, this.parent)
        let member: Member | undefined
        const killed = (): void => this.killWorker(place)
        // A process takes a while to start.
        this.world.time.after(5 + this.world.chance() * 50, () => {
          if (!this.parent.isAlive || ended) return
          process.enter(() => {
            const startWorker = async (): Promise<void> => {
              const store = await fileStore(storeFolder).open(process.ports.files)
              if (!this.parent.isAlive || ended) {
                process.kill()
                return
              }
              const worker = startRemoteWorker({
                id: place,
                pid: this.members.size + 1,
                graph: this.graph,
                ports: process.ports,
                store,
                channel: process.channel(this.network.channel(id)),
                scheduling: { sliceMs: 0, budget: this.world.recordsPerStep },
                shutdown: killed,
              })
              member = { process, worker, lost }
              this.members.set(place, member)
            }
            startWorker().catch((error: unknown) => {
              process.kill()
              this.parent.enter(() => lost(String(error)))
            })
          })
        })
        let ended = false
        return {
          pid: 1,
          kill: () => {
            ended = true
            if (member) this.killWorker(place)
            else {
              process.kill()
              this.world.time.after(deathMs, () => this.parent.enter(() => lost('killed')))
            }
          },
        }
      },
      close: () => Promise.resolve(),
    }
  }
}
