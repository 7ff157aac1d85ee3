/**
 * All links of one worker over its channel.
 *
 * - L5 A frame finds its link by id and epoch; what belongs to no open link is counted and dropped. A link that
 *   opens later is found by its sender's probes.
 * - F1 One timer serves all senders, and runs only while one of them is owed an answer; one serves all receivers
 *   with an answer to give.
 * - F2 Bytes that are no frame change nothing: bad checksums are losses, which L4 heals; other versions are counted
 *   apart, for no resend heals them.
 */
import type { LinkId } from '../../core/ids.ts'
import { epochLabel, sameEpoch } from '../../core/ids.ts'
import { limits } from '../../core/limits.ts'
import type { Ports } from '../../core/ports/index.ts'
import type { Address, Channel } from '../channel.ts'
import { CreditLedger, type CreditLimits } from '../credit-ledger.ts'
import { LinkError } from '../errors.ts'
import { FrameError, readFrame, type Frame } from '../frame/index.ts'
import type { LinkCallbacks, LinkInput, LinkOutput, Links, LinkSpec } from '../link.ts'
import { LinkReceiver } from './receiver.ts'
import { LinkSender } from './sender.ts'

export interface FramedLinksOptions {
  readonly channel: Channel
  readonly ports: Pick<Ports, 'clock' | 'timers' | 'log'>
  /** How long without progress before a sender asks where the receiver stands. */
  readonly probeMs?: number
  /** How long an answer that nobody waits for may wait for others. */
  readonly answerDelayMs?: number
  readonly linkTimeoutMs?: number
  readonly credit?: Partial<CreditLimits>
}

export interface FramedLinksStats {
  readonly droppedStale: number
  readonly droppedMalformed: number
  readonly droppedVersion: number
  /** Windows of all open inputs. */
  readonly grantedBytes: number
}

export class FramedLinks implements Links {
  droppedStale = 0
  private droppedMalformed = 0
  private droppedVersion = 0
  private readonly channel: Channel
  private readonly ports: FramedLinksOptions['ports']
  private readonly probeMs: number
  private readonly answerDelayMs: number
  private readonly linkTimeoutMs: number
  private readonly frameBytesMax: number
  private readonly ledger: CreditLedger
  private readonly senders = new Map<LinkId, LinkSender>()
  private readonly receivers = new Map<LinkId, LinkReceiver>()
  private readonly busyPeers = new Set<Address>()
  private readonly owing = new Set<LinkReceiver>()
  private cancelTick: (() => void) | undefined
  private cancelAnswers: (() => void) | undefined
  private tickedMs = 0
  private closed = false

  constructor(options: FramedLinksOptions) {
    this.channel = options.channel
    this.ports = options.ports
    this.probeMs = options.probeMs ?? 150
    this.answerDelayMs = options.answerDelayMs ?? 5
    this.linkTimeoutMs = options.linkTimeoutMs ?? 30_000
    const credit: CreditLimits = {
      reserveBytes: limits.linkReserveBytes,
      windowBytesMax: limits.linkGrantBytesMax,
      budgetBytes: limits.workerLinkBytesMax,
      ...options.credit,
    }
    this.ledger = new CreditLedger(credit)
    // L3: the largest frame fits into a reserve, or it could never be sent.
    this.frameBytesMax = Math.min(this.channel.messageBytesMax, limits.frameBytesMax, credit.reserveBytes)
    this.channel.onFrame((bytes) => this.onBytes(bytes))
    this.channel.onStatus((status) => this.onStatus(status === 'connected'))
  }

  get stats(): FramedLinksStats {
    const { droppedStale, droppedMalformed, droppedVersion } = this
    return { droppedStale, droppedMalformed, droppedVersion, grantedBytes: this.ledger.grantedBytes }
  }

  openOutput(spec: LinkSpec, callbacks: LinkCallbacks): LinkOutput {
    this.checkFree(this.senders, spec, 'output')
    const sender: LinkSender = new LinkSender({
      spec,
      connected: this.channel.connected,
      frameBytesMax: this.frameBytesMax,
      timeoutMs: this.linkTimeoutMs,
      edge: {
        publish: (frame) => this.channel.publishFrame(spec.toWorker, frame),
        arm: () => this.armTick(),
        wake: callbacks.wake,
        fail: callbacks.fail,
        closed: () => void this.senders.delete(spec.id),
      },
    })
    this.senders.set(spec.id, sender)
    return sender
  }

  openInput(spec: LinkSpec, callbacks: LinkCallbacks): LinkInput {
    this.checkFree(this.receivers, spec, 'input')
    const edge = {
      publish: (frame: Uint8Array) => this.channel.publishFrame(spec.fromWorker, frame),
      answerSoon: () => this.owe(receiver),
      wake: callbacks.wake,
      fail: (error: LinkError) => this.ports.timers.soon(() => callbacks.fail(error)),
      closed: () => {
        this.receivers.delete(spec.id)
        this.owing.delete(receiver)
      },
    }
    const receiver: LinkReceiver = new LinkReceiver(spec, edge, this.ledger)
    this.receivers.set(spec.id, receiver)
    return receiver
  }

  /** The peer's heartbeat says that its event loop is blocked: its silence counts for nothing (L4). */
  setPeerBusy(peer: Address, busy: boolean): void {
    if (busy) this.busyPeers.add(peer)
    else this.busyPeers.delete(peer)
  }

  close(): void {
    this.closed = true
    for (const sender of [...this.senders.values()]) sender.close()
    for (const receiver of [...this.receivers.values()]) receiver.close()
    this.cancelTick?.()
    this.cancelAnswers?.()
  }

  private onBytes(bytes: Uint8Array): void {
    if (this.closed) return
    let frame: Frame
    try {
      frame = readFrame(bytes)
    } catch (error) {
      return this.countDropped(error)
    }
    this.dispatch(frame)
  }

  private dispatch(frame: Frame): void {
    if (frame.kind === 'answer') {
      const sender = this.senders.get(frame.link)
      if (sender && sameEpoch(sender.spec.epoch, frame.epoch)) sender.onAnswer(frame)
      else this.droppedStale += 1
      return
    }
    const receiver = this.receivers.get(frame.link)
    if (receiver && sameEpoch(receiver.spec.epoch, frame.epoch)) return receiver.onFrame(frame)
    this.droppedStale += 1
    if (receiver) receiver.droppedStale += 1
  }

  private onStatus(connected: boolean): void {
    if (this.closed) return
    for (const sender of this.senders.values()) sender.onStatus(connected)
    if (connected) for (const receiver of this.receivers.values()) receiver.ask()
  }

  private armTick(): void {
    if (this.cancelTick || this.closed) return
    this.tickedMs = this.ports.clock.monotonicMs()
    this.cancelTick = this.ports.timers.after(this.probeMs, () => this.tick())
  }

  private tick(): void {
    this.cancelTick = undefined
    // A late tick is this side's own delay, not the peer's silence.
    const elapsedMs = Math.min(this.ports.clock.monotonicMs() - this.tickedMs, 2 * this.probeMs)
    let owed = false
    for (const sender of [...this.senders.values()]) {
      if (sender.tick(elapsedMs, this.busyPeers.has(sender.spec.toWorker))) owed = true
    }
    if (owed) this.armTick()
  }

  private owe(receiver: LinkReceiver): void {
    this.owing.add(receiver)
    this.cancelAnswers ??= this.ports.timers.after(this.answerDelayMs, () => this.answerOwed())
  }

  private answerOwed(): void {
    this.cancelAnswers = undefined
    for (const receiver of this.owing) receiver.answer()
    this.owing.clear()
  }

  private countDropped(error: unknown): void {
    if (!(error instanceof FrameError)) throw error
    if (error.code !== 'FRAME_VERSION') {
      this.droppedMalformed += 1
      return
    }
    this.droppedVersion += 1
    // Once is a finding, a stream of them is noise.
    if (this.droppedVersion > 1) return
    this.ports.log('error', `${error.message}; all workers must run the same version`, { code: error.code })
  }

  private checkFree(open: ReadonlyMap<LinkId, unknown>, spec: LinkSpec, end: string): void {
    if (!open.has(spec.id) && !this.closed) return
    const state = this.closed ? 'its worker is closing' : 'it is open already; close the former epoch first'
    throw new LinkError(
      'LINK_OPEN',
      `${end} of link ${spec.id} in epoch ${epochLabel(spec.epoch)}: ${state}`,
      {
        retry: 'fatal',
        details: { link: spec.id, end },
      },
    )
  }
}
