/**
 * The sending end of a link over a channel: a state machine that its owner feeds answers, ticks and status.
 *
 * - L1 Frames leave in the order of their numbers, from `received` on after every resend.
 * - L2 Nothing but probes leaves before an answer that echoes a probe of this connection.
 * - L3 A batch leaves only when the grant reaches its end; what is queued exceeds the grant by one call's frames.
 * - L4 Frames are kept until acknowledged and resent only on proof of loss (see `Probes`). A tick without progress
 *   sends a probe. Silence counts towards `timeoutMs` only while something is owed an answer, this side is
 *   connected, and the peer is not known to be busy.
 * - L5 The owner passes in answers of this epoch only.
 * - C4 A barrier that overtakes is announced beside the numbering, again and again until it is acknowledged at its
 *   number; it keeps that number.
 */
import type { Signal } from '../../core/elements.ts'
import type { CheckpointId } from '../../core/ids.ts'
import { limits } from '../../core/limits.ts'
import { LinkError } from '../errors.ts'
import { writeFrame, type Frame } from '../frame/index.ts'
import type { LinkOutput, LinkOutputStats, LinkSpec } from '../link.ts'
import { BatchSize } from './batch-size.ts'
import { makeFrames } from './make-frames.ts'
import { Outbox, type OutboxItem } from './outbox.ts'
import { Probes } from './probes.ts'

export type Answer = Frame & { readonly kind: 'answer' }

export interface SenderEdge {
  publish(frame: Uint8Array): void
  /** Something may be owed an answer: call `tick` from now on. */
  arm(): void
  wake(): void
  fail(error: LinkError): void
  closed(): void
}

export interface SenderOptions {
  readonly spec: LinkSpec
  readonly edge: SenderEdge
  readonly connected: boolean
  readonly frameBytesMax: number
  readonly timeoutMs: number
}

type Phase = 'greeting' | 'open' | 'failed' | 'closed'

export class LinkSender implements LinkOutput {
  readonly spec: LinkSpec
  private readonly edge: SenderEdge
  private readonly frameBytesMax: number
  private readonly timeoutMs: number
  private readonly outbox = new Outbox()
  private readonly probes = new Probes()
  private readonly batchSize = new BatchSize({
    targetBytes: limits.frameBytesTarget,
    recordsMax: limits.batchRecordsMax,
    // Records of 1 MB may be the first: what is buffered before their size is known is memory (L3).
    firstGuess: 16,
  })
  private phase: Phase = 'greeting'
  private connected: boolean
  private everAnswered = false
  private grantedBytes = 0
  private progressed = true
  private silentMs = 0
  /** C4: the checkpoint whose barrier need not wait for its turn; 0: none. */
  private overtaking = 0

  constructor(options: SenderOptions) {
    this.spec = options.spec
    this.edge = options.edge
    this.connected = options.connected
    this.frameBytesMax = options.frameBytesMax
    this.timeoutMs = options.timeoutMs
    this.edge.arm()
    this.probe()
  }

  get batchRecords(): number {
    return this.batchSize.records
  }

  get hasRoom(): boolean {
    return this.live && this.outbox.within(this.grantedBytes)
  }

  get drained(): boolean {
    return this.outbox.size === 0
  }

  get stats(): LinkOutputStats {
    const { nextNumber: sent, acknowledged, queuedBytes, queuedBytesMax, resentFrames } = this.outbox
    return { sent, acknowledged, queuedBytes, queuedBytesMax, resentFrames }
  }

  sendBatch(records: readonly unknown[], times?: readonly number[]): void {
    if (records.length === 0 || !this.live) return
    const wasIdle = this.outbox.size === 0
    // A throw from here leaves the link as it was.
    const frames = makeFrames(this.head(this.outbox.nextNumber), { records, times }, this.frameBytesMax)
    for (const { bytes, count } of frames) {
      this.outbox.addBatch(bytes, count)
      this.batchSize.learn(count, bytes.length)
    }
    this.queued(wasIdle)
  }

  sendSignal(signal: Signal): void {
    if (!this.live) return
    const wasIdle = this.outbox.size === 0
    this.outbox.addSignal(signal)
    this.queued(wasIdle)
  }

  overtake(checkpoint: CheckpointId): void {
    if (!this.live || checkpoint <= this.overtaking) return
    this.overtaking = checkpoint
    this.announce()
  }

  onAnswer(answer: Answer): void {
    if (!this.live) return
    this.silentMs = 0
    this.everAnswered = true
    const hadRoom = this.hasRoom
    if (answer.received > this.outbox.acknowledged) {
      const sane = answer.received <= this.outbox.sentNumber && this.outbox.acknowledge(answer.received)
      if (!sane) return this.refuse(`an answer acknowledges number ${answer.received}`)
      this.progressed = true
    }
    if (answer.granted > this.grantedBytes) {
      this.grantedBytes = answer.granted
      this.progressed = true
    }
    this.judge(answer)
    this.pump()
    if (!hadRoom && this.hasRoom) this.edge.wake()
  }

  /** Every probe interval while armed. False: nothing is owed an answer, ticks may stop. */
  tick(elapsedMs: number, peerBusy: boolean): boolean {
    if (!this.live || !this.connected) return false
    if (this.everAnswered && this.outbox.size === 0) {
      this.silentMs = 0
      return false
    }
    if (!peerBusy) this.silentMs += elapsedMs
    if (this.silentMs > this.timeoutMs) {
      this.fail(
        'LINK_TIMEOUT',
        `no answer from ${this.spec.to} on ${this.spec.toWorker} for ${this.timeoutMs} ms`,
      )
      return false
    }
    if (!this.progressed) this.probe()
    this.progressed = false
    this.announce()
    return true
  }

  onStatus(connected: boolean): void {
    this.connected = connected
    if (!this.live) return
    this.phase = 'greeting'
    this.probes.forget()
    if (!connected || (this.everAnswered && this.outbox.size === 0)) return
    this.edge.arm()
    this.probe()
  }

  close(): void {
    if (this.phase === 'closed') return
    this.phase = 'closed'
    this.outbox.clear()
    this.edge.closed()
  }

  private get live(): boolean {
    return this.phase === 'greeting' || this.phase === 'open'
  }

  /** What an answer says about losses. Probe 0 was never sent: the receiver asks for one. */
  private judge(answer: Answer): void {
    if (answer.probeId === 0) return this.probe()
    const sentNumber = this.probes.echoed(answer.probeId)
    if (sentNumber === undefined) return
    if (this.phase === 'open' && answer.received >= sentNumber) return
    this.phase = 'open'
    this.outbox.rewind()
    this.probes.forget()
    this.announce()
  }

  /** C4: like a probe it costs nothing to repeat; L2: and nothing leaves before the peer answered. */
  private announce(): void {
    const { cut } = this.outbox
    if (this.phase !== 'open' || !this.connected || cut?.checkpoint !== this.overtaking) return
    const { checkpoint, cutBytes, number } = cut
    this.edge.publish(writeFrame({ kind: 'overtake', checkpoint, cutBytes, ...this.head(number) }))
  }

  private queued(wasIdle: boolean): void {
    if (!this.connected) return
    if (this.phase === 'greeting' && !this.probes.outstanding) this.probe()
    this.pump()
    if (!wasIdle) return
    this.progressed = true
    this.edge.arm()
  }

  private pump(): void {
    if (this.phase !== 'open' || !this.connected) return
    for (let item = this.outbox.next(this.grantedBytes); item; item = this.outbox.next(this.grantedBytes)) {
      this.edge.publish(this.frameOf(item))
    }
  }

  private frameOf({ content, number }: OutboxItem): Uint8Array {
    return content.kind === 'batch' ? content.frame : writeFrame({ ...content, ...this.head(number) })
  }

  private probe(): void {
    if (!this.connected) return
    const sent = this.outbox.sentNumber
    const probeId = this.probes.sent(sent)
    this.edge.publish(writeFrame({ kind: 'probe', probeId, sent, ...this.head(0) }))
  }

  private head(first: number): { epoch: LinkSpec['epoch']; link: LinkSpec['id']; first: number } {
    return { epoch: this.spec.epoch, link: this.spec.id, first }
  }

  private refuse(found: string): void {
    const { acknowledged, sentNumber } = this.outbox
    this.fail('LINK_PROTOCOL', `expected ${acknowledged} to ${sentNumber} on a frame boundary, ${found}`)
  }

  private fail(code: 'LINK_TIMEOUT' | 'LINK_PROTOCOL', message: string): void {
    this.phase = 'failed'
    this.outbox.clear()
    const { id, from, to } = this.spec
    this.edge.fail(
      new LinkError(code, `link ${from} → ${to}: ${message}`, {
        retry: 'retry',
        details: { link: id, from, to },
      }),
    )
  }
}
