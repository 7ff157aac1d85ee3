/** One split being read: chunks are filled asynchronously, one ahead, and drained synchronously. */
import type { Chunk, SplitReader } from '../../operators/source.ts'
import type { Cursor } from './fused-loop.ts'

/** What a snapshot holds of a split (S1). */
export interface SplitState {
  /** Null: from the start. */
  readonly position: unknown
  readonly ended: boolean
  /** Read since the job's first start; replayed ones count once. */
  readonly records: number
}

export const unreadSplit: SplitState = { position: null, ended: false, records: 0 }

export interface SplitFeedOptions {
  readonly split: string
  readonly state: SplitState
  readonly open: (position: unknown) => Promise<SplitReader<unknown>>
  readonly wake: () => void
}

type Read =
  | { readonly kind: 'none' }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'chunk'; readonly chunk: Chunk<unknown> }
  | { readonly kind: 'end' }
  | { readonly kind: 'failed'; readonly error: unknown }

const none: Read = { kind: 'none' }

export class SplitFeed {
  readonly split: string
  /** In `records`. */
  readonly cursor: Cursor = { index: 0 }
  private readonly options: SplitFeedOptions
  private reader: SplitReader<unknown> | undefined
  private chunk: Chunk<unknown> | undefined
  /** The chunk after `chunk`. */
  private ahead: Read = none
  private position: unknown
  /** Before `chunk`. */
  private recordsBefore: number
  private hasEnded: boolean
  private closed = false

  constructor(options: SplitFeedOptions) {
    this.options = options
    this.split = options.split
    this.position = options.state.position
    this.recordsBefore = options.state.records
    this.hasEnded = options.state.ended
  }

  get ended(): boolean {
    return this.hasEnded
  }

  /** Whether some of `records` are left. */
  get hasRecords(): boolean {
    return this.chunk !== undefined && this.cursor.index < this.chunk.records.length
  }

  get records(): readonly unknown[] {
    return this.chunk?.records ?? []
  }

  /** True when there is a record at `cursor`. Throws what reading threw, once all before it was drained. */
  fill(): boolean {
    for (;;) {
      if (this.hasRecords) return true
      if (this.hasEnded) return false
      this.leaveChunk()
      if (this.ahead.kind === 'none') this.readAhead()
      switch (this.ahead.kind) {
        case 'none':
        case 'waiting':
          return false
        case 'failed':
          throw this.ahead.error
        case 'end':
          this.hasEnded = true
          return false
        case 'chunk':
          this.chunk = this.ahead.chunk
          this.ahead = none
          this.readAhead()
      }
    }
  }

  state(): SplitState {
    return { position: this.positionNow(), ended: this.hasEnded, records: this.recordsRead }
  }

  get recordsRead(): number {
    return this.recordsBefore + this.cursor.index
  }

  describe(): string {
    return `position ${JSON.stringify(this.positionNow(), (_k, v: unknown) => (typeof v === 'bigint' ? `${v}n` : v))}`
  }

  async close(): Promise<void> {
    this.closed = true
    await this.reader?.close()
  }

  private positionNow(): unknown {
    return this.chunk && this.cursor.index > 0
      ? this.chunk.positionAfter(this.cursor.index - 1)
      : this.position
  }

  private leaveChunk(): void {
    this.position = this.positionNow()
    this.recordsBefore = this.recordsRead
    this.chunk = undefined
    this.cursor.index = 0
  }

  /** Starts the next read. A reader that answers at once is asked only when its records are needed. */
  private readAhead(): void {
    const { reader } = this
    if (!reader) {
      this.await(this.openAndRead())
      return
    }
    if (this.chunk && this.synchronous) return
    let read: ReturnType<typeof reader.read>
    try {
      read = reader.read()
    } catch (error) {
      this.ahead = { kind: 'failed', error }
      return
    }
    if (read instanceof Promise) {
      this.synchronous = false
      this.await(read)
    } else {
      this.synchronous = true
      this.ahead = read === null ? { kind: 'end' } : { kind: 'chunk', chunk: read }
    }
  }

  private synchronous = false

  private async openAndRead(): Promise<Chunk<unknown> | null> {
    const reader = await this.options.open(this.position)
    this.reader = reader
    if (!this.closed) return reader.read()
    await reader.close()
    return null
  }

  private await(read: Promise<Chunk<unknown> | null>): void {
    this.ahead = { kind: 'waiting' }
    const settle = (next: Read): void => {
      if (this.closed) return
      this.ahead = next
      this.options.wake()
    }
    read.then(
      (chunk) => settle(chunk === null ? { kind: 'end' } : { kind: 'chunk', chunk }),
      (error: unknown) => settle({ kind: 'failed', error }),
    )
  }
}
