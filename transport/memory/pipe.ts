/**
 * A link within one worker: elements pass by reference.
 *
 * - L1 Elements leave in the order they came; a watermark replaces an untaken one that it follows directly,
 *   unless that is next to be taken (its reader may have looked at it).
 * - L3 What is queued counts its nominal size against one window; a caller that heeds `hasRoom` never exceeds it.
 * - M1 A call of one end wakes only the other, and only when its answer changed: from nothing to read to something,
 *   from no room to room; and whenever a barrier came, or overtakes (C4).
 */
import type { Barrier, Element, Signal } from '../../core/elements.ts'
import type { ChannelRecording } from '../channel-recording.ts'
import { elementCount } from '../../core/elements.ts'
import { limits } from '../../core/limits.ts'
import { Fifo } from '../fifo.ts'

export class Pipe {
  sent = 0
  taken = 0
  queuedBytes = 0
  queuedBytesMax = 0
  readable = false
  wakeReader: (() => void) | undefined
  wakeWriter: (() => void) | undefined
  /** The newest that was sent. */
  barrier: Barrier | undefined
  private readonly queue = new Fifo<Element>()
  private readonly windowBytes: number
  private recording: ChannelRecording | undefined

  constructor(windowBytes: number) {
    this.windowBytes = windowBytes
  }

  get hasRoom(): boolean {
    return this.queuedBytes + limits.batchRecordsMax * limits.recordBytesNominal <= this.windowBytes
  }

  get empty(): boolean {
    return this.queue.length === 0
  }

  sendBatch(records: readonly unknown[], times?: readonly number[]): void {
    if (records.length === 0) return
    this.queuedBytes += records.length * limits.recordBytesNominal
    this.queuedBytesMax = Math.max(this.queuedBytesMax, this.queuedBytes)
    this.append({ kind: 'batch', records, times })
  }

  sendSignal(signal: Signal): void {
    const merges = signal.kind === 'watermark' && this.queue.length > 1
    if (merges && this.queue.last()?.kind === 'watermark') {
      this.queue.replaceLast(signal)
      this.recording?.replaceLast(signal)
    } else this.append(signal)
  }

  /** C4: from now on, until the barrier of its checkpoint was sent. */
  record(recording: ChannelRecording): void {
    this.recording?.close()
    this.recording = recording
    for (let i = 0; i < this.queue.length; i += 1) {
      const element = this.queue.at(i)
      if (element) recording.add(element)
    }
  }

  peek(): Element | undefined {
    return this.queue.at(0)
  }

  take(): Element | undefined {
    const element = this.queue.shift()
    if (element === undefined) return undefined
    this.taken += elementCount(element)
    if (element.kind === 'batch') {
      const hadRoom = this.hasRoom
      this.queuedBytes -= element.records.length * limits.recordBytesNominal
      if (!hadRoom && this.hasRoom) this.wakeWriter?.()
    }
    return element
  }

  clear(): void {
    this.queue.clear()
    this.queuedBytes = 0
    this.recording?.close()
  }

  private append(element: Element): void {
    this.sent += elementCount(element)
    this.queue.push(element)
    this.recording?.add(element)
    if (element.kind === 'barrier') this.barrier = element
    if (this.queue.length === 1 || element.kind === 'barrier') this.wakeReader?.()
  }
}
