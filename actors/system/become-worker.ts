/** Turns this process into a worker of a flow; it ends by itself when told to, or when its parent is gone. */
import { systemPorts } from '../../core/system/index.ts'
import type { Graph } from '../../operators/graph.ts'
import { openStore } from '../../snapshot/stores/open-store.ts'
import { connectNats } from '../../transport/nats/connect.ts'
import { startRemoteWorker } from '../worker/remote-worker.ts'
import { startGuardian } from './guardian.ts'
import type { WorkerBoot } from './worker-boot.ts'

export async function becomeWorker(graph: Graph, boot: WorkerBoot): Promise<never> {
  const stopGuardian = startGuardian()
  // Signals to the whole group (Ctrl-C, a service manager's stop) are the parent's to answer: it ends the job
  // cleanly with its workers, and they die with it in any case.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)
  // Terminals and service managers send these to every process; when a worker ends is its parent's to say.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined)
  const ports = systemPorts
  const store = await openStore(boot.store, ports.files)
  const channel = await connectNats({
    url: boot.nats,
    prefix: boot.prefix,
    self: boot.worker,
    log: ports.log,
  })
  const leave = async (): Promise<void> => {
    stopGuardian()
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
    shutdown: () => void leave(),
  })
  return new Promise<never>(() => undefined)
}
