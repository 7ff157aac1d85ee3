/**
 * What a sender holds: frames not yet sent, then sent and not acknowledged, in the order of their numbers.
 *
 * - L3 Every frame knows the offset at which it ends in the link's stream of batch bytes; signals take none. A
 *   resent frame keeps its offset, so resending needs no new grant.
 * - L4 A frame stays until the receiver's number has passed it; its boundaries never change once it was sent.
 * - C4 The newest barrier keeps its number; while it waits it can be announced outside the numbering.
 */
import type { Signal } from '../../core/elements.ts'
import type { CheckpointId } from '../../core/ids.ts'
import { Fifo } from '../fifo.ts'

export interface OutboxItem {
  /** Of its first element. */
  readonly number: number
  readonly count: number
  /** Offset in batch bytes after this item. */
  readonly endBytes: number
  readonly content: { readonly kind: 'batch'; readonly frame: Uint8Array } | Signal
}

/** Where a barrier cuts the link: everything below `number`, `cutBytes` of batches, precedes it. */
export interface Cut {
  readonly checkpoint: CheckpointId
  readonly number: number
  readonly cutBytes: number
}

export class Outbox {
  /** Number of the next new element. */
  nextNumber = 0
  /** Number after the last element that was ever sent. */
  sentNumber = 0
  acknowledged = 0
  queuedBytesMax = 0
  resentFrames = 0
  private readonly items = new Fifo<OutboxItem>()
  private unsentIndex = 0
  private endBytes = 0
  private acknowledgedBytes = 0
  private newestCut: Cut | undefined

  get size(): number {
    return this.items.length
  }

  get queuedBytes(): number {
    return this.endBytes - this.acknowledgedBytes
  }

  /** Of the newest barrier, until it is acknowledged. */
  get cut(): Cut | undefined {
    return this.newestCut && this.newestCut.number >= this.acknowledged ? this.newestCut : undefined
  }

  /** Whether everything queued is within the grant. */
  within(grantedBytes: number): boolean {
    return this.endBytes <= grantedBytes
  }

  addBatch(frame: Uint8Array, count: number): void {
    this.endBytes += frame.length
    this.queuedBytesMax = Math.max(this.queuedBytesMax, this.queuedBytes)
    this.add({ kind: 'batch', frame }, count)
  }

  addSignal(signal: Signal): void {
    if (signal.kind === 'watermark' && this.unsentIndex < this.items.length) {
      const last = this.items.last()
      if (last?.content.kind === 'watermark' && last.number >= this.sentNumber) {
        this.items.replaceLast({ ...last, content: signal })
        return
      }
    }
    if (signal.kind === 'barrier') {
      const { nextNumber: number, endBytes: cutBytes } = this
      this.newestCut = { checkpoint: signal.checkpoint, number, cutBytes }
    }
    this.add(signal, 1)
  }

  /** The next unsent item within the grant, now sent. */
  next(grantedBytes: number): OutboxItem | undefined {
    const item = this.items.at(this.unsentIndex)
    if (item === undefined || item.endBytes > grantedBytes) return undefined
    this.unsentIndex += 1
    const end = item.number + item.count
    if (end > this.sentNumber) this.sentNumber = end
    else this.resentFrames += 1
    return item
  }

  /** Drops what lies below `received`; false when that splits an item. */
  acknowledge(received: number): boolean {
    for (let item = this.items.at(0); item && item.number < received; item = this.items.at(0)) {
      if (item.number + item.count > received) return false
      this.items.shift()
      this.unsentIndex = Math.max(0, this.unsentIndex - 1)
      this.acknowledgedBytes = item.endBytes
    }
    this.acknowledged = received
    return true
  }

  /** Sends again from the first unacknowledged item. */
  rewind(): void {
    this.unsentIndex = 0
  }

  clear(): void {
    this.items.clear()
    this.unsentIndex = 0
  }

  private add(content: OutboxItem['content'], count: number): void {
    this.items.push({ number: this.nextNumber, count, endBytes: this.endBytes, content })
    this.nextNumber += count
  }
}
