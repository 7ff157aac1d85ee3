/**
 * Reads one row group.
 *
 * G1 Columns are decoded once, one at a time with a turn of the event loop between; row objects are made
 *    chunk by chunk.
 * G2 The position after a row is its number plus one, and the file's identity.
 * G3 Rows before a bad one are delivered before its error is thrown.
 */
import type { DecodedArray } from 'hyparquet'
import { BadRecord, type Chunk, type SplitReader } from '../../source.ts'
import { toText } from '../../text.ts'
import { SourceError } from '../errors.ts'
import type { FileIdentity } from '../files/identity.ts'
import type { BadRows } from '../options.ts'
import type { ParquetFile } from './file.ts'
import { show } from '../../../core/show.ts'

/** Column values by name. */
export type ParquetRow = Readonly<Record<string, unknown>>

export interface ParquetPosition {
  readonly file: FileIdentity
  /** The next row in the group. */
  readonly row: number
}

export interface ParquetRead<T> {
  readonly group: number
  readonly row: number
  readonly badRows: BadRows
  readonly decode: ((row: ParquetRow) => T) | undefined
}

const chunkRows = 1024

export function parseParquetPosition(path: string, position: unknown): ParquetPosition | null {
  if (position === null || position === undefined) return null
  const { file, row } = position as Partial<ParquetPosition>
  if (
    file &&
    typeof file.head === 'string' &&
    typeof row === 'number' &&
    Number.isSafeInteger(row) &&
    row >= 0
  )
    return { file, row }
  throw new SourceError('POSITION_ILLEGAL', `expected a row of '${path}', found ${show(position)}`, {
    retry: 'fatal',
    details: { file: path },
  })
}

export class ParquetReader<T> implements SplitReader<T> {
  private readonly file: ParquetFile
  private readonly options: ParquetRead<T>
  private readonly rows: number
  private next: number
  private columns: readonly DecodedArray[] | undefined
  private failed: SourceError | undefined

  constructor(file: ParquetFile, options: ParquetRead<T>) {
    this.file = file
    this.options = options
    this.rows = file.groups[options.group]?.rows ?? 0
    this.next = options.row
  }

  read(): Chunk<T> | null | Promise<Chunk<T> | null> {
    if (this.failed) throw this.failed
    if (this.next >= this.rows) return null
    return this.columns ? this.makeChunk(this.columns) : this.readFirst()
  }

  async close(): Promise<void> {
    this.columns = undefined
    await this.file.close()
  }

  /** G1: each column's read is a turn of the event loop. */
  private async readFirst(): Promise<Chunk<T>> {
    const columns: DecodedArray[] = []
    for (const name of this.file.columns) columns.push(await this.file.readColumn(this.options.group, name))
    this.columns = columns
    return this.makeChunk(columns)
  }

  private makeChunk(columns: readonly DecodedArray[]): Chunk<T> {
    const first = this.next
    const end = Math.min(first + chunkRows, this.rows)
    const records: (T | BadRecord)[] = []
    for (let row = first; row < end && !this.failed; row += 1) this.addRow(records, columns, row)
    if (this.failed && records.length === 0) throw this.failed
    this.next = first + records.length
    const { identity } = this.file
    return {
      records,
      positionAfter: (index): ParquetPosition => ({ file: identity, row: first + index + 1 }),
    }
  }

  private addRow(records: (T | BadRecord)[], columns: readonly DecodedArray[], row: number): void {
    const names = this.file.columns
    const made: Record<string, unknown> = {}
    for (let c = 0; c < names.length; c += 1)
      made[names[c] as string] = (columns[c] as ArrayLike<unknown>)[row]
    const { decode, badRows } = this.options
    if (!decode) {
      records.push(made as T)
      return
    }
    try {
      records.push(decode(made))
    } catch (cause) {
      const error = this.badRow(row, made, cause)
      if (badRows === 'fail') this.failed = error
      else records.push(new BadRecord(error, toText(made)))
    }
  }

  private badRow(row: number, found: ParquetRow, cause: unknown): SourceError {
    const { group } = this.options
    const because = cause instanceof Error ? cause.message : String(cause)
    return new SourceError(
      'ROW_DECODE',
      `'${this.file.path}' row group ${group}, row ${row}: expected a row that decode accepts, found ${toText(found, 80)}: ${because}. Correct the row, or set badRows: 'dead-letter'`,
      { retry: 'record', cause, details: { file: this.file.path, group, row } },
    )
  }
}
