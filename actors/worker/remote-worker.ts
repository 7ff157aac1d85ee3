/** A worker whose coordinator is reached over a channel. */
import type { WorkerId } from '../../core/ids.ts'
import type { Ports } from '../../core/ports/index.ts'
import type { Graph } from '../../operators/graph.ts'
import type { CheckpointStore } from '../../snapshot/store.ts'
import type { Channel } from '../../transport/channel.ts'
import { FramedLinks } from '../../transport/framed/framed-links.ts'
import { memoryLinks } from '../../transport/memory/memory-links.ts'
import { Conversation } from '../kit/conversation.ts'
import { decodeEnvelope, encodeEnvelope } from '../kit/envelope.ts'
import type { ToWorker } from './messages.ts'
import { coordinatorAddress } from './remote-host.ts'
import { WorkerLinks } from './worker-links.ts'
import { Worker, type WorkerOptions } from './worker.ts'

export interface RemoteWorkerOptions {
  readonly id: WorkerId
  readonly pid: number
  readonly graph: Graph
  readonly ports: Ports
  readonly store: CheckpointStore
  readonly channel: Channel
  readonly scheduling?: NonNullable<WorkerOptions['scheduling']>
  readonly board?: NonNullable<WorkerOptions['board']>
  /** The coordinator has no more use for this worker. */
  readonly shutdown: () => void
}

export function startRemoteWorker(options: RemoteWorkerOptions): Worker {
  const { id, pid, graph, ports, store, channel } = options
  const remote = new FramedLinks({ channel, ports })
  const conversation = new Conversation({
    self: id,
    timers: ports.timers,
    transmit: (envelope) => channel.publishControl(coordinatorAddress, encodeEnvelope(envelope)),
    deliver: (body) => {
      const message = body as ToWorker
      worker.receive(message)
      if (message.kind !== 'shutdown') return
      conversation.close()
      options.shutdown()
    },
  })
  const worker = new Worker({
    id,
    graph,
    ports,
    store,
    ...(options.scheduling && { scheduling: options.scheduling }),
    board: options.board,
    links: (debug) => new WorkerLinks(memoryLinks({ debug }), remote, ports.trace),
    send: (message) => conversation.send(message),
  })
  channel.onControl((bytes) => {
    const envelope = decodeEnvelope(bytes)
    if (envelope) conversation.receive(envelope)
  })
  conversation.send({ kind: 'ready', worker: id, pid })
  return worker
}
