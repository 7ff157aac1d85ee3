/**
 * L6: reliable, ordered messages between two parties over an at-most-once channel. Each message is numbered and
 * sent again until acknowledged; the receiver delivers only the next number. A party that was replaced is
 * another party: addresses are never reused, so numbers never start again.
 */
import type { Timers, Cancel } from '../../core/ports/index.ts'

/** What goes over the channel. */
export type Envelope =
  | { readonly kind: 'message'; readonly from: string; readonly number: number; readonly body: unknown }
  | { readonly kind: 'acknowledge'; readonly from: string; readonly next: number }

export interface ConversationOptions {
  readonly self: string
  readonly timers: Timers
  readonly transmit: (envelope: Envelope) => void
  readonly deliver: (body: unknown) => void
  /** Default 250 ms. */
  readonly resendMs?: number
}

export class Conversation {
  private readonly options: ConversationOptions
  private readonly unacknowledged: Extract<Envelope, { kind: 'message' }>[] = []
  private nextToSend = 0
  private nextExpected = 0
  private cancelResend: Cancel | undefined
  private closed = false

  constructor(options: ConversationOptions) {
    this.options = options
  }

  send(body: unknown): void {
    if (this.closed) return
    const message = { kind: 'message', from: this.options.self, number: this.nextToSend, body } as const
    this.nextToSend += 1
    this.unacknowledged.push(message)
    this.options.transmit(message)
    this.resendLater()
  }

  receive(envelope: Envelope): void {
    if (this.closed) return
    if (envelope.kind === 'acknowledge') this.acknowledged(envelope.next)
    else this.message(envelope.number, envelope.body)
  }

  /** True when the peer has everything. */
  get settled(): boolean {
    return this.unacknowledged.length === 0
  }

  close(): void {
    this.closed = true
    this.cancelResend?.()
  }

  private message(number: number, body: unknown): void {
    const next = number === this.nextExpected
    if (next) this.nextExpected += 1
    this.options.transmit({ kind: 'acknowledge', from: this.options.self, next: this.nextExpected })
    if (next) this.options.deliver(body)
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
      for (const message of this.unacknowledged) this.options.transmit(message)
      if (!this.settled) this.resendLater()
    })
  }
}
