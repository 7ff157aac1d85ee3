/** Workers that are reached over a channel: what is said to them is a conversation (L6). */
import type { WorkerId } from '../../core/ids.ts'
import type { Timers } from '../../core/ports/index.ts'
import type { Channel } from '../../transport/channel.ts'
import { Conversation } from '../kit/conversation.ts'
import { decodeEnvelope, encodeEnvelope } from '../kit/envelope.ts'
import type { WorkerEvents, WorkerHost } from './host.ts'
import type { FromWorker } from './messages.ts'

export const coordinatorAddress = 'coordinator'

/** Starts and ends the processes; what they say goes over the channel. */
export interface Launcher {
  /** `lost` is called once, when the process is certainly dead; as of `WorkerEvents`. */
  launch(id: WorkerId, lost: WorkerEvents['lost']): LaunchedWorker
  /** Waits until all are gone; they were told to shut down. */
  close(): Promise<void>
}

export interface LaunchedWorker {
  readonly pid: number
  kill(): void
}

export interface RemoteHostOptions {
  readonly channel: Channel
  readonly timers: Timers
  readonly launcher: Launcher
}

export function remoteHost({ channel, timers, launcher }: RemoteHostOptions): WorkerHost {
  const conversations = new Map<string, Conversation>()
  channel.onControl((bytes) => {
    const envelope = decodeEnvelope(bytes)
    if (envelope) conversations.get(envelope.from)?.receive(envelope)
  })
  return {
    transport: 'nats',
    start(id, events) {
      const conversation = new Conversation({
        self: coordinatorAddress,
        timers,
        transmit: (envelope) => channel.publishControl(id, encodeEnvelope(envelope)),
        deliver: (body) => events.message(body as FromWorker),
      })
      conversations.set(id, conversation)
      const launched = launcher.launch(id, (reason, stuckIn) => {
        conversation.close()
        conversations.delete(id)
        events.lost(reason, stuckIn)
      })
      return {
        id,
        pid: launched.pid,
        kill: () => launched.kill(),
        send: (message) => conversation.send(message),
      }
    },
    async close() {
      await launcher.close()
      for (const conversation of conversations.values()) conversation.close()
      await channel.close()
    },
  }
}
