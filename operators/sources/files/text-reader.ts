/**
 * Reads the records of one range of a text file, whatever separates and parses them.
 *
 * R1 A record belongs to the range in which it begins; a range that does not start the file begins after the
 *    first line break at or after its predecessor's last byte.
 * R2 The position after a record is the offset after its line break: opened there, what follows is the same
 *    as without a stop.
 * R3 Records before a bad row are delivered before its error is thrown, again on every further read.
 * R4 Memory is bounded by `rowBytesMax` and two blocks: the rest of a longer row is skipped, not kept.
 */
import { BadRecord, type Chunk, type SplitReader } from '../../source.ts'
import type { SourceError } from '../errors.ts'
import { ByteStream } from './byte-stream.ts'
import type { Delimiter } from './delimiters.ts'
import type { OpenFile } from './identity.ts'
import { TextChunk, type TextStart } from './position.ts'
import type { ByteRange } from './ranges.ts'
import { rowError } from './row-fault.ts'
import { Rows } from './rows.ts'
import type { TextFormat } from './text-format.ts'

const chunkRows = 1024
/** What ends the window may be the row's line break. */
const lineBreakBytesMax = 2

export class TextReader<T> implements SplitReader<T> {
  private readonly file: OpenFile
  private readonly range: ByteRange
  private readonly format: TextFormat<T>
  private readonly stream: ByteStream
  private delimiter: Delimiter
  /** What is read and not yet delivered begins at `at`; `bytes[0]` is the file's byte `base`. */
  private bytes: Buffer = Buffer.alloc(0)
  private base: number
  private at = 0
  /** The line at `at`. */
  private line: number | null
  private mode: 'records' | 'to-line-break'
  private failed: SourceError | undefined

  constructor(file: OpenFile, range: ByteRange, start: TextStart, format: TextFormat<T>) {
    this.file = file
    this.range = range
    this.format = format
    this.delimiter = format.delimiter()
    this.base = start.offset
    this.line = start.line
    this.mode = start.inRecord ? 'to-line-break' : 'records'
    this.stream = new ByteStream(file, {
      offset: start.offset,
      aheadUntil: range.to,
      blockBytes: format.blockBytes,
    })
  }

  read(): Chunk<T> | null | Promise<Chunk<T> | null> {
    if (this.failed) throw this.failed
    return this.nextChunk() ?? (this.finished ? null : this.readMore())
  }

  close(): Promise<void> {
    return this.stream.close()
  }

  private async readMore(): Promise<Chunk<T> | null> {
    for (;;) {
      this.append(await this.stream.next())
      const chunk = this.nextChunk()
      if (chunk || this.finished) return chunk
    }
  }

  /** R1. */
  private get beyondRange(): boolean {
    return this.base + this.at >= this.range.to
  }

  private get finished(): boolean {
    return this.beyondRange || (this.stream.ended && this.at === this.bytes.length)
  }

  private append(block: Buffer): void {
    const rest = this.bytes.subarray(this.at)
    this.base += this.at
    this.at = 0
    this.bytes = rest.length === 0 ? block : Buffer.concat([rest, block])
  }

  private nextChunk(): Chunk<T> | null {
    if (this.mode === 'to-line-break') this.skipToLineBreak()
    if (this.at === this.bytes.length) return null
    const rows = new Rows(this.bytes, chunkRows)
    while (this.mode === 'records' && rows.count < chunkRows && !this.finished) {
      const start = this.recordStart()
      const end = start === -1 ? -1 : this.delimiter.endOf(this.bytes, start)
      if (end !== -1) this.take(rows, start, end)
      else if (this.stream.ended) this.take(rows, start, this.bytes.length)
      else if (this.bytes.length - start > this.format.rowBytesMax + lineBreakBytesMax)
        this.takeLong(rows, start)
      else break
    }
    return rows.count === 0 ? null : this.parse(rows)
  }

  /** Where the record at `at` has its first character: after a byte order mark. -1: not known yet. */
  private recordStart(): number {
    if (this.base + this.at > 0) return this.at
    if (this.bytes.length < 3 && !this.stream.ended) return -1
    return this.bytes.indexOf('\ufeff') === 0 ? 3 : 0
  }

  private take(rows: Rows, start: number, end: number): void {
    this.at = end
    // A file of nothing but a byte order mark has no line.
    if (start === end) return
    rows.add(start, end, this.line, this.format)
    this.line = rows.lineAfter
  }

  /** R4. What is in the window stands for the row; the rest is skipped. */
  private takeLong(rows: Rows, start: number): void {
    this.take(rows, start, this.bytes.length)
    rows.cutShort = true
    this.mode = 'to-line-break'
    this.delimiter = this.format.delimiter()
  }

  private skipToLineBreak(): void {
    const found = this.bytes.indexOf(10, this.at)
    this.at = found === -1 ? this.bytes.length : found + 1
    if (found === -1) return
    this.mode = 'records'
    if (this.line !== null) this.line += 1
  }

  private parse(rows: Rows): Chunk<T> | null {
    const { format } = this
    const parseRow = format.parse(rows)
    const records: (T | BadRecord)[] = []
    for (let i = 0; i < rows.count; i += 1) {
      try {
        rows.requireLength(i, format.rowBytesMax)
        records.push(parseRow(i))
      } catch (cause) {
        const error = rowError(cause, {
          path: this.file.path,
          line: rows.line(i),
          offset: this.base + rows.start(i),
        })
        if (format.badRows === 'fail') {
          this.failed = error
          break
        }
        records.push(new BadRecord(error, rows.rawText(i)))
      }
    }
    if (this.failed && records.length === 0) throw this.failed
    return new TextChunk(records, { file: this.file.identity, range: this.range, base: this.base, rows })
  }
}
