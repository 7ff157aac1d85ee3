/** Turns this process into a worker of a flow; it ends by itself when told to, or when its parent is gone. */
import type { Ports } from '../../core/ports/index.ts'
import type { Graph } from '../../operators/graph.ts'
import { openStore } from '../../snapshot/stores/open-store.ts'
import { connectNats, type NatsChannel, type NatsChannelOptions } from '../../transport/nats/connect.ts'
import { startRemoteWorker } from '../worker/remote-worker.ts'
import { startGuardian } from './guardian.ts'
import type { WorkerBoot } from './worker-boot.ts'

export async function becomeWorker(graph: Graph, boot: WorkerBoot, ports: Ports): Promise<never> {
  const guardian = startGuardian()
  // Signals to the whole group (Ctrl-C, a service manager's stop) are the parent's to answer: it ends the job
  // cleanly with its workers, and they die with it in any case.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)
  const store = await openStore(boot.store, ports.files)
  const channel = await connectPatiently({
    url: boot.nats,
    prefix: boot.prefix,
    self: boot.worker,
    log: ports.log,
  })
  const leave = async (): Promise<void> => {
    guardian.stop()
    await channel.close()
    await store.close()
    process.exit(0)
  }
  startRemoteWorker({
    id: boot.worker,
    pid: process.pid,
    graph,
    ports,
    store,
    channel,
    board: guardian.board,
    shutdown: () => void leave(),
  })
  return new Promise<never>(() => undefined)
}

const connectMsMax = 30_000
const connectAgainMs = 100

/** The parent is connected to this server: one that is not there is being started again. */
async function connectPatiently(options: NatsChannelOptions): Promise<NatsChannel> {
  for (const startedMs = performance.now(); ;) {
    try {
      return await connectNats(options)
    } catch (error) {
      if (performance.now() - startedMs > connectMsMax) throw error
      await new Promise((resolve) => setTimeout(resolve, connectAgainMs))
    }
  }
}
