/**
 * What links and control need of a network: at-most-once, ordered delivery of small messages between
 * workers. Core NATS is one; simulation has another. No backpressure: grants bound what is in flight (L3).
 */

/** A worker id, or `coordinator`. */
export type Address = string

export type ChannelStatus = 'connected' | 'disconnected' | 'closed'

export interface Channel {
  readonly self: Address
  /** False between a disconnect and the next reconnect: what is published then is lost. */
  readonly connected: boolean
  /** Largest message, bytes. */
  readonly messageBytesMax: number
  /** Never throws for a lost connection: the message is lost, and the links heal. */
  publishFrame(to: Address, frame: Uint8Array): void
  publishControl(to: Address, message: Uint8Array): void
  /** One handler each; set before traffic starts. `bytes` may be kept. */
  onFrame(handler: (bytes: Uint8Array) => void): void
  onControl(handler: (bytes: Uint8Array) => void): void
  /** Any number of handlers: links and supervision both listen. */
  onStatus(handler: (status: ChannelStatus) => void): void
  close(): Promise<void>
}
