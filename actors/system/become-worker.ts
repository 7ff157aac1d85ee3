/** Turns this process into a worker of a flow; it ends by itself when told to, or when its parent is gone. */
import { systemPorts } from '../../core/system/index.ts'
import type { Graph } from '../../operators/graph.ts'
import { openStore } from '../../snapshot/stores/open-store.ts'
import { FramedLinks } from '../../transport/framed/framed-links.ts'
import { memoryLinks } from '../../transport/memory/memory-links.ts'
import { connectNats } from '../../transport/nats/connect.ts'
import { Conversation } from '../kit/conversation.ts'
import { decodeEnvelope, encodeEnvelope } from '../kit/envelope.ts'
import type { ToWorker } from '../worker/messages.ts'
import { WorkerLinks } from '../worker/worker-links.ts'
import { Worker } from '../worker/worker.ts'
import { startGuardian } from './guardian.ts'
import { coordinatorAddress, type WorkerBoot } from './worker-boot.ts'

export async function becomeWorker(graph: Graph, boot: WorkerBoot): Promise<never> {
  const stopGuardian = startGuardian()
  const ports = systemPorts
  const store = await openStore(boot.store, ports.files)
  const channel = await connectNats({
    url: boot.nats,
    prefix: boot.prefix,
    self: boot.worker,
    log: ports.log,
  })
  const remote = new FramedLinks({ channel, ports })

  return new Promise<never>(() => {
    const conversation = new Conversation({
      self: boot.worker,
      timers: ports.timers,
      transmit: (envelope) => channel.publishControl(coordinatorAddress, encodeEnvelope(envelope)),
      deliver: (body) => {
        const message = body as ToWorker
        worker.receive(message)
        if (message.kind === 'shutdown') void leave()
      },
    })
    const worker = new Worker({
      id: boot.worker,
      graph,
      ports,
      store,
      links: (debug) => new WorkerLinks(memoryLinks({ debug }), remote),
      send: (message) => conversation.send(message),
    })
    const leave = async (): Promise<void> => {
      stopGuardian()
      await channel.close()
      await store.close()
      process.exit(0)
    }
    channel.onControl((bytes) => {
      const envelope = decodeEnvelope(bytes)
      if (envelope) conversation.receive(envelope)
    })
    conversation.send({ kind: 'ready', worker: boot.worker, pid: process.pid })
  })
}
