/** Jobs in this process whose links can be looked at: in memory, or with two workers joined by a real NATS server. */
import { workerId, type WorkerId } from '../../core/ids.ts'
import { randomToken } from '../../core/ports/random.ts'
import { systemPorts } from '../../core/system/index.ts'
import { Job } from '../../actors/job/job.ts'
import { resolveOptions, type RunOptions } from '../../actors/options.ts'
import type { OpenedHost } from '../../actors/system/open-host.ts'
import { localHost } from '../../actors/worker/local-host.ts'
import { WorkerLinks } from '../../actors/worker/worker-links.ts'
import { memoryStore, type Flow } from '../../index.ts'
import { FramedLinks } from '../../transport/framed/framed-links.ts'
import type { LinkCallbacks, LinkInput, LinkOutput, Links, LinkSpec } from '../../transport/link.ts'
import { memoryLinks } from '../../transport/memory/memory-links.ts'
import { connectNats, type NatsChannel } from '../../transport/nats/connect.ts'
import { startEmbeddedNats } from '../../transport/nats/embedded.ts'

export interface Recorded {
  readonly outputs: LinkOutput[]
  readonly inputs: LinkInput[]
}

class RecordedLinks extends WorkerLinks {
  private readonly recorded: Recorded

  constructor(recorded: Recorded, remote: Links | undefined) {
    super(memoryLinks(), remote)
    this.recorded = recorded
  }

  override openOutput(spec: LinkSpec, callbacks: LinkCallbacks): LinkOutput {
    const output = super.openOutput(spec, callbacks)
    this.recorded.outputs.push(output)
    return output
  }

  override openInput(spec: LinkSpec, callbacks: LinkCallbacks): LinkInput {
    const input = super.openInput(spec, callbacks)
    this.recorded.inputs.push(input)
    return input
  }
}

/** Workers in this process, joined by NATS when there are two. */
async function openRecordedHost(built: Flow, workers: 1 | 2, recorded: Recorded) {
  const store = await memoryStore().open(systemPorts.files)
  const graph = built.graph()
  const ids = Array.from({ length: workers }, (_, place) => workerId(`w${place}`))
  const server = workers === 1 ? undefined : await startEmbeddedNats()
  const prefix = `mr.${graph.name}.${randomToken(systemPorts.random, 12)}`
  const remotes = new Map<WorkerId, FramedLinks>()
  const channels: NatsChannel[] = []
  for (const id of server ? ids : []) {
    const channel = await connectNats({ url: server?.url ?? '', prefix, self: id })
    channels.push(channel)
    remotes.set(id, new FramedLinks({ channel, ports: systemPorts }))
  }
  const hosts = new Map(
    ids.map((id) => {
      const links = (): WorkerLinks => new RecordedLinks(recorded, remotes.get(id))
      return [id, localHost({ graph, ports: systemPorts, store, links, pid: process.pid })]
    }),
  )
  const opened: OpenedHost = {
    host: {
      transport: server ? 'nats' : 'memory',
      start(id, events) {
        const host = hosts.get(id)
        if (!host) throw new Error(`no worker was to replace another, got ${id}`)
        return host.start(id, events)
      },
      close: () => Promise.resolve(),
    },
    nats: undefined,
    async close() {
      for (const channel of channels) await channel.close()
      await server?.stop()
    },
  }
  return { store, opened }
}

export async function runRecorded(built: Flow, workers: 1 | 2, options: RunOptions) {
  const recorded: Recorded = { outputs: [], inputs: [] }
  const { store, opened } = await openRecordedHost(built, workers, recorded)
  const job = new Job({
    graph: built.graph(),
    options: { ...resolveOptions(options), workers },
    store,
    host: opened,
    dispose: () => store.close(),
  })
  await job.start()
  const result = await job.finished
  const checkpoints: number[] = []
  for await (const event of job.events.read())
    if (event.event === 'checkpoint.completed') checkpoints.push(event.durationMs)
  const isRemote = ({ spec }: { readonly spec: LinkSpec }): boolean => spec.fromWorker !== spec.toWorker
  const most = (links: readonly (LinkOutput | LinkInput)[]): number =>
    Math.max(0, ...links.map((link) => link.stats.queuedBytesMax))
  return {
    result,
    checkpoints,
    local: {
      links: recorded.outputs.filter((link) => !isRemote(link)).length,
      queuedBytesMax: most(recorded.outputs.filter((link) => !isRemote(link))),
    },
    remote: {
      links: recorded.outputs.filter(isRemote).length,
      sentBytesMax: most(recorded.outputs.filter(isRemote)),
      receivedBytesMax: most(recorded.inputs.filter(isRemote)),
      resentFrames: recorded.outputs.reduce((sum, { stats }) => sum + stats.resentFrames, 0),
    },
  }
}
