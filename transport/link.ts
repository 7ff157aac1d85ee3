/**
 * Links as tasks see them: an ordered channel of elements between two tasks, in memory or over NATS.
 * Everything here is synchronous; `wake` of the owning task is called when something changed.
 */
import type { Barrier, Element, Signal } from '../core/elements.ts'
import type { CheckpointId, Epoch, LinkId, TaskId, WorkerId } from '../core/ids.ts'
import type { Frame } from './frame/index.ts'

export interface LinkSpec {
  readonly id: LinkId
  readonly epoch: Epoch
  readonly from: TaskId
  readonly fromWorker: WorkerId
  readonly to: TaskId
  readonly toWorker: WorkerId
}

/** The sending end. */
export interface LinkOutput {
  readonly spec: LinkSpec
  /** How many records fill a batch: about `frameBytesTarget` encoded, or `batchRecordsMax` in memory. */
  readonly batchRecords: number
  /** True when another batch can be taken without exceeding the grant. `wake` is called when it turns true. */
  readonly hasRoom: boolean
  /**
   * Takes a batch, in any case; a caller that ignores `hasRoom` overshoots. The array belongs to the link
   * afterwards. Throws a typed record error for a value that cannot cross, or a record above the largest frame;
   * its `details.index` is the record's index in the batch. `times`: the records' event times, as long.
   */
  sendBatch(records: readonly unknown[], times?: readonly number[]): void
  /** Queued behind what was sent before; needs no grant. An unsent watermark is replaced by a newer one. */
  sendSignal(signal: Signal): void
  /**
   * C4: the barrier of this checkpoint, if it was sent and has not arrived, is made known to the peer at once,
   * beside the numbering. It keeps its number: what was sent before it precedes it.
   */
  overtake(checkpoint: CheckpointId): void
  /** True when the peer acknowledged everything. */
  readonly drained: boolean
  readonly stats: LinkOutputStats
  close(): void
}

export interface LinkOutputStats {
  /** Number of the next element. */
  readonly sent: number
  readonly acknowledged: number
  /** Bytes sent and not yet acknowledged, plus those waiting for a grant. */
  readonly queuedBytes: number
  readonly queuedBytesMax: number
  readonly resentFrames: number
}

/** The receiving end. */
export interface LinkInput {
  readonly spec: LinkSpec
  /** The next element without taking it. */
  peek(): Element | undefined
  /** Takes the next element; taking is what grants the sender more. */
  take(): Element | undefined
  /** C4: the newest barrier that arrived or was announced, whether it was taken or not. `wake` tells of it. */
  readonly ahead: Barrier | undefined
  /**
   * C4: the channel state of this checkpoint: what precedes its barrier and is not taken yet, now and as it arrives;
   * `before` was taken and not worked on. Ends an earlier recording. `wake` is called when it is complete.
   */
  record(checkpoint: CheckpointId, before?: readonly ChannelItem[]): ChannelState
  readonly stats: LinkInputStats
  close(): void
}

/** What precedes a barrier on a link and was not taken when the task captured its snapshot (C4). */
export interface ChannelState {
  /** Everything that precedes the barrier is here. */
  readonly complete: boolean
  /** Held so far; nominal for what never was a frame. */
  readonly bytes: number
  /**
   * Encodes one frame after the other, once `complete`. Throws a typed record error for a record that fits no
   * frame, which only links in memory carry.
   */
  frames(): IterableIterator<Uint8Array>
  /** Nothing is kept any more. */
  close(): void
}

export type ChannelFrame = Extract<Frame, { readonly kind: 'batch' | 'watermark' }>

/** A frame as it came, or an element by reference. */
export type ChannelItem = ChannelFrame | Element

export interface LinkInputStats {
  /** Number of the next element expected from the peer. */
  readonly received: number
  readonly queuedBytes: number
  readonly queuedBytesMax: number
  readonly droppedStale: number
  readonly droppedDuplicate: number
}

export interface LinkCallbacks {
  /** Something to read, or room to write. Never called synchronously from a call of the same link. */
  readonly wake: () => void
  /** The link is beyond repair (L4, or a frame that is not what its checksum says): its region recovers. */
  readonly fail: (error: Error) => void
}

/** All links of one worker. */
export interface Links {
  openOutput(spec: LinkSpec, callbacks: LinkCallbacks): LinkOutput
  openInput(spec: LinkSpec, callbacks: LinkCallbacks): LinkInput
  /** Frames of unknown links or other epochs that were dropped (L5). */
  readonly droppedStale: number
  close(): void
}
