/**
 * What a source is (S1): a set of splits with ids, each read from a position that a checkpoint holds.
 * Positions are plain data (whatever the codec carries) and say where to read *after* an item.
 */
import type { MillraceError } from '../core/errors.ts'
import type { Files, Log } from '../core/ports/index.ts'

export interface SourceDefinition<T> {
  /** `jsonl`, `array` …: for messages and `inspect`. */
  readonly kind: string
  /** False only for the plainly labelled sources that cannot replay: they lower every sink's guarantee. */
  readonly replayable: boolean
  /** True when chunks may contain `BadRecord`s, which then need a dead-letter branch. */
  readonly deadLetters: boolean
  /** True when every split ends by itself: what is kept till the end is let go then. Default false. */
  readonly bounded?: boolean
  /**
   * How many splits one task reads at a time, in turn; the others wait until one has ended. Default: all, which an
   * endless source needs. Lower it where an open split holds much memory, or files.
   */
  readonly splitsAtOnce?: number
  /** The phantom that carries the record type. */
  readonly _record?: T
  /**
   * Split ids, in a stable order: the same input gives the same ids in every process. Fails with a typed
   * error when the input cannot be read. It has `openMsMax` (an option of `run`) to answer, as `open` has.
   */
  splits(context: SourceContext): Promise<readonly string[]>
  /** Begins at the split's start, or after `position`. A changed file is a fatal error. */
  open(split: string, position: unknown, context: SourceContext): Promise<SplitReader<T>>
}

export interface SourceContext {
  readonly step: string
  readonly files: Files
  readonly log: Log
}

export interface SplitReader<T> {
  /**
   * The next records, or null at the split's end. At most one read is under way. A reader that has its
   * records at hand answers without a promise. Rejects or throws a typed error that names file and
   * position; the chunk before it is still delivered.
   */
  read(): Chunk<T> | null | Promise<Chunk<T> | null>
  close(): Promise<void>
}

/** Never empty unless the reader made no progress yet; about 1,000 records or 64 KB is a good size. */
export interface Chunk<T> {
  readonly records: readonly (T | BadRecord)[]
  /** The position after `records[index]`: opened there, the split continues with the next one. */
  positionAfter(index: number): unknown
}

/** A row that could not be read, on its way to the dead-letter branch in place of the record. */
export class BadRecord {
  readonly error: MillraceError
  readonly raw: string
  constructor(error: MillraceError, raw: string) {
    this.error = error
    this.raw = raw
  }
}

/** What a dead-letter branch receives. */
export interface DeadLetter {
  readonly step: string
  readonly code: string
  readonly message: string
  readonly details: Readonly<Record<string, unknown>>
  /** The input as text: the row, or the record as JSON where it has one. */
  readonly raw: string
}
