/**
 * Channel state of one link (C4): what precedes a barrier and was not taken when the task captured its snapshot.
 *
 * - R1 It begins with what waits to be taken, goes on with what arrives, and is complete when the barrier, or
 *   everything below the number that the barrier cuts at, is there.
 * - R2 Batches and watermarks are kept, in order. Barriers of older checkpoints mean nothing any more, and an ended
 *   task sends its end again when it is restored (C10).
 * - R3 Nothing is copied before it is encoded, and elements are immutable: recording costs what it holds on to.
 *
 * Encoded, it is a sequence of frames numbered from 0: each knows its length, and decodes on its own.
 */
import { watermark, type Batch, type Element, type Watermark } from '../core/elements.ts'
import type { CheckpointId } from '../core/ids.ts'
import { invariant } from '../core/invariant.ts'
import { limits } from '../core/limits.ts'
import {
  FrameError,
  frameLength,
  readBatch,
  readFrame,
  writeFrame,
  type Frame,
  type FrameHead,
} from './frame/index.ts'
import { makeFrames } from './framed/make-frames.ts'
import type { ChannelFrame, ChannelItem, ChannelState, LinkSpec } from './link.ts'

export class ChannelRecording implements ChannelState {
  bytes = 0
  readonly checkpoint: CheckpointId
  private readonly spec: LinkSpec
  private items: ChannelItem[] = []
  private phase: 'recording' | 'complete' | 'closed' = 'recording'

  constructor(spec: LinkSpec, checkpoint: CheckpointId, before: readonly ChannelItem[] = []) {
    this.spec = spec
    this.checkpoint = checkpoint
    for (const item of before) this.add(item)
  }

  get complete(): boolean {
    return this.phase === 'complete'
  }

  get recording(): boolean {
    return this.phase === 'recording'
  }

  /** The next of the link. */
  add(item: Exclude<Frame, { readonly kind: 'answer' | 'probe' | 'overtake' }> | Element): void {
    if (this.phase !== 'recording') return
    switch (item.kind) {
      case 'barrier':
        if (item.checkpoint === this.checkpoint) this.finish()
        break
      case 'end':
        break
      default:
        this.items.push(item)
        this.bytes += bytesOf(item)
    }
  }

  /** The newest watermark of the link, which nobody took yet, gave way to this one: on the link they are one element. */
  replaceLast(item: Watermark): void {
    if (this.phase !== 'recording') return
    invariant(this.items.at(-1)?.kind === 'watermark', 'R2: a watermark replaces a watermark')
    this.items[this.items.length - 1] = item
  }

  /** Everything below the cut is here. */
  finish(): void {
    if (this.phase === 'recording') this.phase = 'complete'
  }

  *frames(): IterableIterator<Uint8Array> {
    invariant(this.complete, 'C4: a channel is encoded once all that precedes the barrier is there')
    const { epoch, id: link } = this.spec
    let first = 0
    for (const item of this.items) {
      for (const { bytes, count } of encodeItem({ epoch, link, first }, item)) {
        first += count
        yield bytes
      }
    }
  }

  close(): void {
    this.phase = 'closed'
    this.items = []
  }
}

/** Channel state as frames again. Throws FrameError for what is not a sequence of such frames. */
export function* readChannel(bytes: Uint8Array): IterableIterator<ChannelFrame> {
  for (let at = 0, expected = 0; at < bytes.length;) {
    const frame = readFrame(bytes.subarray(at, at + frameLength(bytes.subarray(at))))
    const count = frame.kind === 'batch' ? frame.count : 1
    if ((frame.kind !== 'batch' && frame.kind !== 'watermark') || frame.first !== expected) {
      throw new FrameError(
        'FRAME_FIELD',
        `channel state is batches and watermarks numbered on: expected number ${expected}, found a ${frame.kind} at ${frame.first}`,
      )
    }
    yield frame
    at += frameLength(bytes.subarray(at))
    expected += count
  }
}

/** Throws CodecError, or FrameError, for a batch that is not what its frame says. */
export const elementOf = (frame: ChannelFrame): Batch | Watermark =>
  frame.kind === 'batch' ? readBatch(frame) : watermark(frame.atMs, frame.idle)

function encodeItem(head: FrameHead, item: ChannelItem): readonly { bytes: Uint8Array; count: number }[] {
  if ('payload' in item) return [{ bytes: writeFrame({ ...item, ...head }), count: item.count }]
  if (item.kind === 'batch') return makeFrames(head, item, limits.frameBytesMax)
  invariant(item.kind === 'watermark', `C4: a ${item.kind} is no channel state`)
  return [{ bytes: writeFrame({ ...item, ...head }), count: 1 }]
}

function bytesOf(item: ChannelItem): number {
  if (item.kind !== 'batch') return 0
  return 'payload' in item ? item.payload.byteLength : item.records.length * limits.recordBytesNominal
}
