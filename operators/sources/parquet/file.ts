import type { AsyncBuffer, DecodedArray, ParquetScan } from 'hyparquet'
import { SourceError } from '../errors.ts'
import { changedError, unreadableError, type FileIdentity, type OpenFile } from '../files/identity.ts'
import { loadParquetLibrary } from './library.ts'

export interface RowGroup {
  readonly firstRow: number
  readonly rows: number
}

/** One open Parquet file, by columns of row groups. */
export class ParquetFile {
  readonly path: string
  readonly identity: FileIdentity
  readonly columns: readonly string[]
  readonly groups: readonly RowGroup[]
  private readonly file: OpenFile
  private readonly scan: ParquetScan

  private constructor(file: OpenFile, scan: ParquetScan, columns: readonly string[]) {
    this.path = file.path
    this.identity = file.identity
    this.file = file
    this.scan = scan
    this.columns = columns
    this.groups = scan.ranges.map(({ rowStart, rowEnd }) => ({ firstRow: rowStart, rows: rowEnd - rowStart }))
  }

  /** The caller closes the file when this fails. */
  static async open(file: OpenFile, columns: readonly string[] | null): Promise<ParquetFile> {
    const { hyparquet, compressors } = await loadParquetLibrary()
    const buffer = asyncBuffer(file)
    try {
      const metadata = await hyparquet.parquetMetadataAsync(buffer)
      const present = hyparquet.parquetSchema(metadata).children.map(({ element }) => element.name)
      const chosen = chooseColumns(file.path, present, columns)
      const scan = await hyparquet.parquetScan({ file: buffer, metadata, compressors, columns: [...chosen] })
      return new ParquetFile(file, scan, chosen)
    } catch (cause) {
      throw corrupt(file.path, 'its footer', cause)
    }
  }

  /** All values of one column of a group, row by row. */
  async readColumn(group: number, column: string): Promise<DecodedArray> {
    const { firstRow, rows } = this.groups[group] ?? { firstRow: 0, rows: 0 }
    const what = `column '${column}' of row group ${group}`
    try {
      const values = await this.scan.readColumn({ column, rowStart: firstRow, rowEnd: firstRow + rows })
      if (values.length !== rows) throw new Error(`expected ${rows} values, found ${values.length}`)
      return values
    } catch (cause) {
      throw corrupt(this.path, what, cause, { group, column })
    }
  }

  close(): Promise<void> {
    return this.file.handle.close()
  }
}

function chooseColumns(
  path: string,
  present: readonly string[],
  wanted: readonly string[] | null,
): readonly string[] {
  const unknown = (wanted ?? []).filter((name) => !present.includes(name))
  if (unknown.length > 0) {
    throw new SourceError(
      'COLUMN_UNKNOWN',
      `'${path}' has no column ${unknown.join(', ')}; it has ${present.join(', ')}`,
      {
        retry: 'fatal',
        details: { file: path, unknown, present },
      },
    )
  }
  const chosen = wanted ?? present
  if (!chosen.includes('__proto__')) return chosen
  throw new SourceError(
    'HEADER_ILLEGAL',
    `'${path}' has a column named '__proto__'; choose others with columns`,
    {
      retry: 'fatal',
      details: { file: path },
    },
  )
}

/** What hyparquet throws on bytes that are no Parquet; errors of our own pass. */
function corrupt(path: string, what: string, cause: unknown, details?: Record<string, unknown>): SourceError {
  if (cause instanceof SourceError) return cause
  return new SourceError(
    'PARQUET_CORRUPT',
    `'${path}': ${what} cannot be read as Parquet: ${cause instanceof Error ? cause.message : String(cause)}. Write the file again`,
    { retry: 'fatal', cause, details: { file: path, ...details } },
  )
}

function asyncBuffer({ path, handle, identity }: OpenFile): AsyncBuffer {
  return {
    byteLength: identity.bytes,
    async slice(start, end = identity.bytes) {
      // An offset that a damaged footer made up.
      if (start < 0 || end > identity.bytes || end < start)
        throw new Error(`bytes ${start} to ${end} lie outside the file`)
      const bytes = await handle.read(start, end - start).catch((cause: unknown) => {
        throw unreadableError(path, cause)
      })
      if (bytes.length < end - start)
        throw changedError(path, `it ended at byte ${start + bytes.length} while it was read`)
      return Uint8Array.from(bytes).buffer
    },
  }
}
