/** The workers that the options ask for: in this process, or child processes over NATS. */
import { randomToken } from '../../core/ports/random.ts'
import type { Graph } from '../../operators/graph.ts'
import type { CheckpointStore } from '../../snapshot/store.ts'
import { memoryLinks } from '../../transport/memory/memory-links.ts'
import { connectNats } from '../../transport/nats/connect.ts'
import { startEmbeddedNats, type EmbeddedNats } from '../../transport/nats/embedded.ts'
import { ConfigError } from '../../core/errors.ts'
import type { ResolvedOptions } from '../options.ts'
import type { WorkerHost } from '../worker/host.ts'
import { localHost } from '../worker/local-host.ts'
import { WorkerLinks } from '../worker/worker-links.ts'
import { coordinatorAddress, remoteHost } from '../worker/remote-host.ts'
import { processLauncher } from './process-launcher.ts'

export interface OpenedHost {
  readonly host: WorkerHost
  /** The embedded server, where there is one. */
  readonly nats: Pick<EmbeddedNats, 'url' | 'pid' | 'watch'> | undefined
  close(): Promise<void>
}

export async function openHost(
  graph: Graph,
  options: ResolvedOptions,
  store: CheckpointStore,
): Promise<OpenedHost> {
  const { ports } = options
  if (options.workers === 0) {
    const links = (debug: boolean): WorkerLinks =>
      new WorkerLinks(memoryLinks({ debug }), undefined, ports.trace)
    const host = localHost({ graph, ports, store, links, pid: process.pid })
    return { host, nats: undefined, close: () => host.close() }
  }
  const address = store.address
  if (address === null) {
    throw new ConfigError(
      'STORE_UNREACHABLE',
      'worker processes cannot reach a memory store; pass checkpoints.store: fileStore(folder)',
    )
  }
  const embedded = options.nats === 'embedded' ? await startEmbeddedNats({ log: ports.log }) : undefined
  const url = embedded?.url ?? options.nats
  try {
    const prefix = `mr.${graph.name}.${randomToken(ports.random, 12)}`
    const channel = await connectNats({ url, prefix, self: coordinatorAddress, log: ports.log })
    const { entry } = options
    const launcher = processLauncher(
      { flow: graph.name, store: address, nats: url, prefix, ...(entry !== undefined && { entry }) },
      { busyMsMax: options.busyMsMax },
    )
    const host = remoteHost({ channel, timers: ports.timers, launcher })
    return {
      host,
      nats: embedded,
      async close() {
        await host.close()
        await embedded?.stop()
      },
    }
  } catch (error) {
    await embedded?.stop()
    throw error
  }
}
