/** The rows of one chunk: where they lie in the window of bytes. */
import { isUtf8 } from 'node:buffer'
import { RowFault } from './row-fault.ts'

const newline = 10
const carriageReturn = 13

export class Rows {
  readonly bytes: Buffer
  count = 0
  /** True when the last row goes on beyond the window, and what follows is skipped to a line break. */
  cutShort = false
  /** The line after the last row; null where lines are not known. */
  lineAfter: number | null = null
  /** Content is `[starts, stops)`, without the line break, which ends at `ends`. */
  private readonly starts: Uint32Array
  private readonly stops: Uint32Array
  private readonly ends: Uint32Array
  private readonly lines: Float64Array
  private readonly linesAfter: Float64Array
  private longest = 0
  private valid: boolean | undefined

  constructor(bytes: Buffer, capacity: number) {
    this.bytes = bytes
    this.starts = new Uint32Array(capacity)
    this.stops = new Uint32Array(capacity)
    this.ends = new Uint32Array(capacity)
    this.lines = new Float64Array(capacity)
    this.linesAfter = new Float64Array(capacity)
  }

  /** The bytes `[start, end)`, line break included, are a row, unless it is blank and blank ones do not count. */
  add(
    start: number,
    end: number,
    line: number | null,
    format: { skipBlank: boolean; multiline: boolean },
  ): void {
    const { bytes, count } = this
    let stop = end
    if (bytes[stop - 1] === newline) {
      stop -= 1
      if (stop > start && bytes[stop - 1] === carriageReturn) stop -= 1
    }
    const breaks =
      (stop < end ? 1 : 0) + (format.multiline && line !== null ? countBreaks(bytes, start, stop) : 0)
    this.lineAfter = line === null ? null : line + breaks
    if (stop === start && format.skipBlank) return
    this.starts[count] = start
    this.stops[count] = stop
    this.ends[count] = end
    this.lines[count] = line ?? Number.NaN
    this.linesAfter[count] = this.lineAfter ?? Number.NaN
    this.longest = Math.max(this.longest, stop - start)
    this.count += 1
  }

  start(i: number): number {
    return this.starts[i] ?? 0
  }

  stop(i: number): number {
    return this.stops[i] ?? 0
  }

  end(i: number): number {
    return this.ends[i] ?? 0
  }

  line(i: number): number | null {
    return known(this.lines[i])
  }

  nextLine(i: number): number | null {
    return known(this.linesAfter[i])
  }

  requireLength(i: number, bytesMax: number): void {
    const cutShort = this.cutShort && i === this.count - 1
    if (!cutShort && this.stop(i) - this.start(i) <= bytesMax) return
    throw new RowFault('ROW_TOO_LONG', `a row of at most ${bytesMax} bytes`, this.rawText(i))
  }

  /** True when no row is longer, and all are UTF-8: then they can be parsed in one go. */
  plain(bytesMax: number): boolean {
    return this.longest <= bytesMax && this.allValid()
  }

  /** The row as text; throws RowFault where it is not UTF-8. */
  text(i: number): string {
    const start = this.start(i)
    const stop = this.stop(i)
    if (!this.allValid() && !isUtf8(this.bytes.subarray(start, stop))) {
      throw new RowFault('ROW_ENCODING', 'UTF-8 text', this.rawText(i))
    }
    return this.bytes.toString('utf8', start, stop)
  }

  /** For dead letters and messages: with replacement characters where it is not UTF-8. */
  rawText(i: number, bytesMax = 2000): string {
    return this.bytes.toString('utf8', this.start(i), Math.min(this.stop(i), this.start(i) + bytesMax))
  }

  private allValid(): boolean {
    this.valid ??= isUtf8(this.bytes.subarray(this.start(0), this.stop(this.count - 1)))
    return this.valid
  }
}

const known = (line: number | undefined): number | null =>
  line === undefined || Number.isNaN(line) ? null : line

function countBreaks(bytes: Buffer, start: number, stop: number): number {
  let breaks = 0
  for (let at = bytes.indexOf(newline, start); at !== -1 && at < stop; at = bytes.indexOf(newline, at + 1))
    breaks += 1
  return breaks
}
