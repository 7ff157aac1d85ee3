/**
 * The receiving end of a link over a channel: a state machine that its owner feeds frames.
 *
 * - L1, L2 Only the element with the next number is taken in; answers say `{received, granted}` absolutely.
 * - L3 granted = bytes taken + window, and never goes back. A frame beyond it ends the link: its sender is not ours.
 * - L4 A duplicate or a gap changes nothing but asks the sender to prove what was lost.
 * - R1 Frames are decoded when they are looked at, not when they arrive: a waiting link costs its bytes only.
 * - C4 The newest barrier is known from when it arrives, or was announced; what it waits for is granted.
 */
import { watermark, type Barrier, type Element, type Signal } from '../../core/elements.ts'
import type { CheckpointId } from '../../core/ids.ts'
import { ChannelRecording } from '../channel-recording.ts'
import type { CreditLedger } from '../credit-ledger.ts'
import { LinkError } from '../errors.ts'
import { Fifo } from '../fifo.ts'
import { frameHeaderBytes, readBatch, writeFrame, type Frame } from '../frame/index.ts'
import type { ChannelItem, ChannelState, LinkInput, LinkInputStats, LinkSpec } from '../link.ts'

export type ElementFrame = Exclude<Frame, { readonly kind: 'answer' | 'probe' | 'overtake' }>
export type ToReceiver = Exclude<Frame, { readonly kind: 'answer' }>

export interface ReceiverEdge {
  publish(frame: Uint8Array): void
  /** Call `answer` soon: a burst deserves one. */
  answerSoon(): void
  wake(): void
  /** Not from within the call that found it. */
  fail(error: LinkError): void
  closed(): void
}

export class LinkReceiver implements LinkInput {
  readonly spec: LinkSpec
  /** Counted by the owner (L5). */
  droppedStale = 0
  private readonly edge: ReceiverEdge
  private readonly ledger: CreditLedger
  private readonly queue = new Fifo<ElementFrame>()
  private head: Element | undefined
  private phase: 'open' | 'failed' | 'closed' = 'open'
  private received = 0
  private receivedBytes = 0
  private takenBytes = 0
  private answeredTakenBytes = 0
  private windowBytes: number
  private grantedBytes: number
  private queuedBytesMax = 0
  private droppedDuplicate = 0
  private lastProbe = 0
  /** The number at which a gap was last reported: once is enough, the sender probes on a timer anyway. */
  private askedAt = -1
  private newestBarrier: (Barrier & { readonly number: number }) | undefined
  private recording: ChannelRecording | undefined

  constructor(spec: LinkSpec, edge: ReceiverEdge, ledger: CreditLedger) {
    this.spec = spec
    this.edge = edge
    this.ledger = ledger
    this.windowBytes = ledger.open()
    this.grantedBytes = this.windowBytes
    this.ask()
  }

  get stats(): LinkInputStats {
    const { received, queuedBytes, queuedBytesMax, droppedStale, droppedDuplicate } = this
    return { received, queuedBytes, queuedBytesMax, droppedStale, droppedDuplicate }
  }

  peek(): Element | undefined {
    if (this.head !== undefined) return this.head
    const frame = this.queue.at(0)
    if (frame === undefined || this.phase !== 'open') return undefined
    try {
      this.head = frame.kind === 'batch' ? readBatch(frame) : signalOf(frame)
    } catch (cause) {
      this.fail(`frame ${frame.first} passed its checksum and does not decode`, cause)
    }
    return this.head
  }

  take(): Element | undefined {
    const element = this.peek()
    if (element === undefined) return undefined
    const frame = this.queue.shift()
    this.head = undefined
    if (frame) this.takenBytes += grantBytesOf(frame)
    if ((this.takenBytes - this.answeredTakenBytes) * 4 >= this.windowBytes) this.answer()
    else if (this.queue.length === 0) this.edge.answerSoon()
    return element
  }

  get ahead(): Barrier | undefined {
    return this.newestBarrier
  }

  record(checkpoint: CheckpointId, before: readonly ChannelItem[] = []): ChannelState {
    this.recording?.close()
    const recording = new ChannelRecording(this.spec, checkpoint, before)
    this.recording = recording
    for (let i = 0; i < this.queue.length; i += 1) {
      const frame = this.queue.at(i)
      if (frame) recording.add(frame)
    }
    this.finishAtCut()
    return recording
  }

  onFrame(frame: ToReceiver): void {
    if (this.phase !== 'open') return
    if (frame.kind === 'probe') {
      this.lastProbe = Math.max(this.lastProbe, frame.probeId)
      this.answer()
    } else if (frame.kind === 'overtake') {
      this.overtaken(frame)
    } else if (frame.first < this.received) {
      this.droppedDuplicate += 1
      this.edge.answerSoon()
    } else if (frame.first > this.received) {
      if (this.askedAt === this.received) return
      this.askedAt = this.received
      this.ask()
    } else {
      this.accept(frame)
    }
  }

  /** Where this end stands, and the latest probe that it has seen. */
  answer(): void {
    this.publishAnswer(this.lastProbe)
  }

  /** Makes the sender probe at once. */
  ask(): void {
    this.publishAnswer(0)
  }

  close(): void {
    if (this.phase === 'closed') return
    this.phase = 'closed'
    this.ledger.close(this.windowBytes)
    this.queue.clear()
    this.head = undefined
    this.recording?.close()
    this.edge.closed()
  }

  private get queuedBytes(): number {
    return this.receivedBytes - this.takenBytes
  }

  private publishAnswer(probeId: number): void {
    this.windowBytes = this.ledger.resize(this.windowBytes, this.queuedBytes)
    this.publishStanding(probeId)
  }

  private publishStanding(probeId: number): void {
    if (this.phase !== 'open') return
    this.grantedBytes = Math.max(this.grantedBytes, this.takenBytes + this.windowBytes)
    this.answeredTakenBytes = this.takenBytes
    const { received, grantedBytes: granted } = this
    const { epoch, id: link } = this.spec
    this.edge.publish(writeFrame({ kind: 'answer', epoch, link, first: 0, probeId, received, granted }))
  }

  private accept(frame: ElementFrame): void {
    const bytes = grantBytesOf(frame)
    if (this.receivedBytes + bytes > this.grantedBytes) {
      return this.fail(`frame ${frame.first} exceeds the grant of ${this.grantedBytes} bytes`)
    }
    this.received += frame.kind === 'batch' ? frame.count : 1
    this.receivedBytes += bytes
    this.queuedBytesMax = Math.max(this.queuedBytesMax, this.queuedBytes)
    this.queue.push(frame)
    this.recording?.add(frame)
    if (frame.kind === 'barrier') this.announce(frame, frame.first)
    else if (this.finishAtCut() || this.queue.length === 1) this.edge.wake()
  }

  /** C4: one whose number has come is known already. */
  private overtaken({ checkpoint, first, cutBytes }: Extract<Frame, { readonly kind: 'overtake' }>): void {
    if (first < this.received) return
    this.announce({ checkpoint, final: false }, first)
    this.finishAtCut()
    const windowBytes = this.ledger.stretch(this.windowBytes, cutBytes - this.takenBytes)
    if (windowBytes === this.windowBytes) return
    this.windowBytes = windowBytes
    // Not `answer`: it would take the window of a full queue back.
    this.publishStanding(this.lastProbe)
  }

  private announce({ checkpoint, final }: Pick<Barrier, 'checkpoint' | 'final'>, number: number): void {
    if (this.newestBarrier === undefined || checkpoint > this.newestBarrier.checkpoint) {
      this.newestBarrier = { kind: 'barrier', checkpoint, final, number }
    }
    this.edge.wake()
  }

  /** C4: the recording is complete when everything below the cut has come, though the barrier itself has not. */
  private finishAtCut(): boolean {
    const { recording, newestBarrier } = this
    if (!recording?.recording || newestBarrier?.checkpoint !== recording.checkpoint) return false
    if (this.received < newestBarrier.number) return false
    recording.finish()
    return true
  }

  private fail(found: string, cause?: unknown): void {
    this.phase = 'failed'
    const { id, from, to } = this.spec
    const message = `link ${from} → ${to}: ${found}; both ends must run the same version`
    this.edge.fail(
      new LinkError('LINK_PROTOCOL', message, { retry: 'retry', cause, details: { link: id, from, to } }),
    )
  }
}

const grantBytesOf = (frame: ElementFrame): number =>
  frame.kind === 'batch' ? frameHeaderBytes + frame.payload.byteLength : 0

function signalOf(frame: Exclude<ElementFrame, { readonly kind: 'batch' }>): Signal {
  switch (frame.kind) {
    case 'watermark':
      return watermark(frame.atMs, frame.idle)
    case 'barrier':
      return { kind: 'barrier', checkpoint: frame.checkpoint, final: frame.final }
    case 'end':
      return { kind: 'end' }
  }
}
