/**
 * L6: reliable, ordered messages between two parties over an at-most-once channel. Each message is numbered and
 * sent again until acknowledged; the receiver delivers only the next number. A party that was replaced is
 * another party: addresses are never reused, so numbers never start again.
 *
 * Every message acknowledges what came before it, as TCP does (RFC 9293, §3.8.6.3). Where nothing is said for
 * `acknowledgeMs`, or the conversation is closed, an envelope of its own does.
 */
import type { Timers, Cancel } from '../../core/ports/index.ts'

/** What goes over the channel. */
export type Envelope =
  | {
      readonly kind: 'message'
      readonly from: string
      readonly number: number
      /** The lowest number that its sender does not have: all before it are acknowledged. */
      readonly next: number
      readonly body: unknown
    }
  | { readonly kind: 'acknowledge'; readonly from: string; readonly next: number }

interface Unacknowledged {
  readonly number: number
  readonly body: unknown
}

export interface ConversationOptions {
  readonly self: string
  readonly timers: Timers
  readonly transmit: (envelope: Envelope) => void
  readonly deliver: (body: unknown) => void
  /** Default 250 ms. */
  readonly resendMs?: number
  /** Longest time that an acknowledgement waits for a message to go with, well below `resendMs`. Default 20 ms. */
  readonly acknowledgeMs?: number
}

export class Conversation {
  private readonly options: ConversationOptions
  private readonly unacknowledged: Unacknowledged[] = []
  private nextToSend = 0
  private nextExpected = 0
  private cancelResend: Cancel | undefined
  /** Of an acknowledgement that is owed. */
  private cancelAcknowledge: Cancel | undefined
  private closed = false

  constructor(options: ConversationOptions) {
    this.options = options
  }

  send(body: unknown): void {
    if (this.closed) return
    const message = { number: this.nextToSend, body }
    this.nextToSend += 1
    this.unacknowledged.push(message)
    this.transmit(message)
    this.resendLater()
  }

  receive(envelope: Envelope): void {
    if (this.closed) return
    this.acknowledged(envelope.next)
    if (envelope.kind === 'message') this.message(envelope.number, envelope.body)
  }

  /** True when the peer has everything. */
  get settled(): boolean {
    return this.unacknowledged.length === 0
  }

  close(): void {
    this.closed = true
    this.cancelResend?.()
    if (this.cancelAcknowledge) this.acknowledge()
  }

  private message(number: number, body: unknown): void {
    const next = number === this.nextExpected
    if (next) this.nextExpected += 1
    // Of one that was heard before too: its acknowledgement may be lost.
    this.acknowledgeLater()
    if (next) this.options.deliver(body)
  }

  private transmit({ number, body }: Unacknowledged): void {
    this.acknowledging()
    const { self: from, transmit } = this.options
    transmit({ kind: 'message', from, number, next: this.nextExpected, body })
  }

  private acknowledgeLater(): void {
    this.cancelAcknowledge ??= this.options.timers.after(this.options.acknowledgeMs ?? 20, () =>
      this.acknowledge(),
    )
  }

  private acknowledge(): void {
    this.acknowledging()
    this.options.transmit({ kind: 'acknowledge', from: this.options.self, next: this.nextExpected })
  }

  /** What is sent now acknowledges. */
  private acknowledging(): void {
    this.cancelAcknowledge?.()
    this.cancelAcknowledge = undefined
  }

  private acknowledged(next: number): void {
    while (this.unacknowledged[0] && this.unacknowledged[0].number < next) this.unacknowledged.shift()
    if (this.settled) {
      this.cancelResend?.()
      this.cancelResend = undefined
    }
  }

  private resendLater(): void {
    this.cancelResend ??= this.options.timers.after(this.options.resendMs ?? 250, () => {
      this.cancelResend = undefined
      for (const message of this.unacknowledged) this.transmit(message)
      if (!this.settled) this.resendLater()
    })
  }
}
