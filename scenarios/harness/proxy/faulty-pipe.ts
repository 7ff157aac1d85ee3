/**
 * One direction of a proxied connection: bytes in order, late, slow, held back or cut, as it is told.
 *
 * - P1 What is delivered is delivered in order and unchanged: a faulty network loses connections, never bytes of one
 *   that lives on.
 * - P2 What waits is bounded: beyond `waitingBytesMax` the sender is not read any more, as a full window does.
 */
import type { Socket } from 'node:net'
import type { Random } from '../../../core/ports/random.ts'
import { unit } from '../../../core/ports/random.ts'

export interface PipeFaults {
  /** Added to each chunk, at least. */
  readonly delayMs: number
  /** At random, up to so much more. */
  readonly jitterMs: number
  /** Infinity: as fast as it goes. */
  readonly bytesPerSecond: number
  /** Nothing is delivered while it holds. */
  readonly held: boolean
}

export interface PipeStats {
  chunks: number
  bytes: number
  /** Chunks that waited for a delay, a rate or the end of a hold. */
  delayed: number
  /** The most that waited at once. */
  waitingBytesMax: number
}

export interface PipeOptions {
  readonly faults: () => PipeFaults
  readonly random: Random
  readonly stats: PipeStats
  readonly waitingBytesMax: number
}

interface Waiting {
  readonly chunk: Buffer
  readonly dueMs: number
}

export class FaultyPipe {
  private readonly from: Socket
  private readonly to: Socket
  private readonly faults: () => PipeFaults
  private readonly random: Random
  private readonly stats: PipeStats
  private readonly waitingBytesMax: number
  private readonly waiting: Waiting[] = []
  private waitingBytes = 0
  private lastDueMs = 0
  private timer: NodeJS.Timeout | undefined
  private cut: (() => void) | undefined
  private ended = false

  constructor(from: Socket, to: Socket, { faults, random, stats, waitingBytesMax }: PipeOptions) {
    this.from = from
    this.to = to
    this.faults = faults
    this.random = random
    this.stats = stats
    this.waitingBytesMax = waitingBytesMax
    from.on('data', (chunk: Buffer) => this.arrived(chunk))
    from.on('end', () => {
      this.ended = true
      this.deliver()
    })
    to.on('drain', () => this.deliver())
  }

  get bytesWaiting(): number {
    return this.waitingBytes
  }

  /** The faults changed. */
  changed(): void {
    this.deliver()
  }

  /** Half of the next chunk is delivered, then `done` ends the connection. */
  cutNext(done: () => void): void {
    this.cut = done
  }

  close(): void {
    clearTimeout(this.timer)
    this.waiting.length = 0
    this.waitingBytes = 0
  }

  private arrived(chunk: Buffer): void {
    const { delayMs, jitterMs, bytesPerSecond } = this.faults()
    const nowMs = performance.now()
    const startMs = Math.max(nowMs + delayMs + unit(this.random) * jitterMs, this.lastDueMs)
    const dueMs = startMs + (chunk.length * 1_000) / bytesPerSecond
    this.lastDueMs = dueMs
    this.waiting.push({ chunk, dueMs })
    this.waitingBytes += chunk.length
    this.stats.waitingBytesMax = Math.max(this.stats.waitingBytesMax, this.waitingBytes)
    this.deliver()
    if (this.waiting.length > 0) this.stats.delayed += 1
    if (this.waitingBytes >= this.waitingBytesMax) this.from.pause()
  }

  private deliver(): void {
    clearTimeout(this.timer)
    while (!this.faults().held && !this.to.destroyed) {
      const next = this.waiting[0]
      if (!next) break
      const leftMs = next.dueMs - performance.now()
      if (leftMs > 0) {
        this.timer = setTimeout(() => this.deliver(), leftMs)
        return
      }
      this.waiting.shift()
      this.waitingBytes -= next.chunk.length
      if (!this.write(next.chunk)) return
    }
    if (this.waitingBytes < this.waitingBytesMax) this.from.resume()
    if (this.ended && this.waiting.length === 0) this.to.end()
  }

  /** False: no more for now. */
  private write(chunk: Buffer): boolean {
    this.stats.chunks += 1
    this.stats.bytes += chunk.length
    const { cut } = this
    if (!cut) return this.to.write(chunk)
    this.cut = undefined
    this.to.write(chunk.subarray(0, chunk.length >> 1), cut)
    return false
  }
}
