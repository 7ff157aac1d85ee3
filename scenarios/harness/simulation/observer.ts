/** Who looks on while a world runs: sees what happens, changes nothing. */
import type { Trace } from '../../../core/ports/trace.ts'
import type { Channel } from '../../../transport/channel.ts'

export interface Observer {
  readonly trace: Trace
  /** A frame as a process sends it. */
  published(frame: Uint8Array): void
  /** A frame as it reaches a process, damaged ones too. */
  delivered(frame: Uint8Array): void
  /** A file got a second name; `content` as it is on the disk. */
  linked(path: string, content: () => Uint8Array): void
  /** `paths`: of every file that is left. */
  powerLost(paths: ReadonlySet<string>): void
}

export const observedChannel = (channel: Channel, observer: Observer): Channel => ({
  self: channel.self,
  get connected() {
    return channel.connected
  },
  messageBytesMax: channel.messageBytesMax,
  publishFrame(to, frame) {
    observer.published(frame)
    channel.publishFrame(to, frame)
  },
  publishControl: (to, message) => channel.publishControl(to, message),
  onFrame: (handler) =>
    channel.onFrame((frame) => {
      observer.delivered(frame)
      handler(frame)
    }),
  onControl: (handler) => channel.onControl(handler),
  onStatus: (handler) => channel.onStatus(handler),
  close: () => channel.close(),
})
