import type { Chunk, SourceDefinition, SplitReader } from '../source.ts'
import { SourceError } from './errors.ts'
import { numberedSplits, splitNumber } from './numbered-splits.ts'
import { resolveWholeNumber } from './options.ts'

export interface Positioned<T, Position> {
  readonly value: T
  /** Plain data that says where to go on after the value. */
  readonly position: Position
}

export interface IteratedGenerator<T, Position> {
  /** `position` is null at the start; `split` counts from 0. */
  open(
    position: Position | null,
    split: number,
  ): Iterable<Positioned<T, Position>> | AsyncIterable<Positioned<T, Position>>
  /** Pieces that tasks read in parallel; default 1. */
  readonly splits?: number
}

const chunkRecords = 1024

export function iteratedSource<T, P>(generator: IteratedGenerator<T, P>): SourceDefinition<T> {
  const splits = resolveWholeNumber('fromGenerator', {
    name: 'splits',
    value: generator.splits,
    otherwise: 1,
    min: 1,
  })
  return {
    kind: 'generator',
    replayable: true,
    deadLetters: false,
    splits: async () => numberedSplits(splits),
    open: async (split, position) => {
      const k = splitNumber(split, splits)
      const items = guard(() => generator.open((position ?? null) as P | null, k))
      if (Symbol.asyncIterator in items) return new AsyncReader(items[Symbol.asyncIterator]())
      return new SyncReader(items[Symbol.iterator]())
    },
  }
}

const threw = (cause: unknown): SourceError =>
  new SourceError(
    'SOURCE_THREW',
    `the generator threw: ${cause instanceof Error ? cause.message : String(cause)}`,
    { retry: 'retry', cause },
  )

function guard<R>(call: () => R): R {
  try {
    return call()
  } catch (cause) {
    throw threw(cause)
  }
}

/** Items that arrive one by one, as a chunk. */
class Collected<T, P> implements Chunk<T> {
  readonly records: T[] = []
  private readonly positions: P[] = []

  add(item: Positioned<T, P>): void {
    this.records.push(item.value)
    this.positions.push(item.position)
  }

  positionAfter(index: number): P {
    return this.positions[index] as P
  }
}

class SyncReader<T, P> implements SplitReader<T> {
  private readonly items: Iterator<Positioned<T, P>>
  private failed: SourceError | undefined
  private ended = false

  constructor(items: Iterator<Positioned<T, P>>) {
    this.items = items
  }

  read(): Chunk<T> | null {
    if (this.failed) throw this.failed
    const chunk = new Collected<T, P>()
    try {
      while (!this.ended && chunk.records.length < chunkRecords) {
        const item = this.items.next()
        if (item.done === true) this.ended = true
        else chunk.add(item.value)
      }
    } catch (cause) {
      this.failed = threw(cause)
      if (chunk.records.length === 0) throw this.failed
    }
    return chunk.records.length === 0 ? null : chunk
  }

  async close(): Promise<void> {
    if (!this.ended && !this.failed) guard(() => this.items.return?.())
  }
}

/**
 * Pulls ahead of the reader into one chunk, so that a slow iterable's item is delivered at once and a fast
 * one's items travel together.
 *
 * A1 At most one `next` is under way. A2 At most one chunk is held; pulling stops when it is full. A3 An item
 * that arrived is delivered before the error or the end that followed it.
 */
class AsyncReader<T, P> implements SplitReader<T> {
  private readonly items: AsyncIterator<Positioned<T, P>>
  private chunk = new Collected<T, P>()
  private state: { kind: 'idle' | 'pulling' | 'ended' | 'closed' } | { kind: 'failed'; error: SourceError } =
    { kind: 'idle' }
  private waiting: (() => void) | undefined

  constructor(items: AsyncIterator<Positioned<T, P>>) {
    this.items = items
  }

  read(): Chunk<T> | null | Promise<Chunk<T> | null> {
    this.pull()
    return this.hasAnswer() ? this.answer() : this.wait()
  }

  async close(): Promise<void> {
    const { kind } = this.state
    this.state = { kind: 'closed' }
    if (kind === 'ended' || kind === 'failed') return
    const returned = this.items.return?.()
    // A `next` that never settles would hold `return` back for ever.
    if (kind === 'pulling') returned?.catch(() => undefined)
    else await returned
  }

  private async wait(): Promise<Chunk<T> | null> {
    // A wake may be about a chunk that was answered since: no answer must never be taken for the end.
    while (!this.hasAnswer()) await new Promise<void>((resolve) => (this.waiting = resolve))
    return this.answer()
  }

  private hasAnswer(): boolean {
    return this.chunk.records.length > 0 || (this.state.kind !== 'pulling' && this.state.kind !== 'idle')
  }

  private answer(): Chunk<T> | null {
    const { chunk } = this
    if (chunk.records.length > 0) {
      this.chunk = new Collected()
      this.pull()
      return chunk
    }
    if (this.state.kind === 'failed') throw this.state.error
    return null
  }

  private pull(): void {
    if (this.state.kind !== 'idle') return
    this.state = { kind: 'pulling' }
    this.pullUntilFull().then(
      () => this.settled(),
      (cause: unknown) => {
        if (this.state.kind === 'pulling') this.state = { kind: 'failed', error: threw(cause) }
        this.settled()
      },
    )
  }

  private async pullUntilFull(): Promise<void> {
    while (this.state.kind === 'pulling' && this.chunk.records.length < chunkRecords) {
      const item = await this.items.next()
      if (this.state.kind !== 'pulling') return
      if (item.done === true) {
        this.state = { kind: 'ended' }
        return
      }
      this.chunk.add(item.value)
      this.settled()
    }
    if (this.state.kind === 'pulling') this.state = { kind: 'idle' }
  }

  private settled(): void {
    const { waiting } = this
    this.waiting = undefined
    waiting?.()
  }
}
