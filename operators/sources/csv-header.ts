/** The first row of a CSV file, which names the columns. */
import { isUtf8 } from 'node:buffer'
import { SourceError } from './errors.ts'
import { parseCsv } from './csv-rows.ts'
import { requireColumns } from './columns.ts'
import { csvDelimiter } from './files/delimiters.ts'
import { unreadableError, type OpenFile } from './files/identity.ts'
import type { TextStart } from './files/position.ts'
import { Rows } from './files/rows.ts'

export interface CsvHeader {
  readonly columns: readonly string[]
  /** Where the first row after it is. */
  readonly next: TextStart
}

const readBytes = 64 * 1024

export async function readCsvHeader(
  file: OpenFile,
  options: { delimiter: string; rowBytesMax: number },
): Promise<CsvHeader> {
  const { path, handle, identity } = file
  const illegal = (message: string): SourceError =>
    new SourceError('HEADER_ILLEGAL', `the header of '${path}': ${message}`, {
      retry: 'fatal',
      details: { file: path, line: 1 },
    })
  for (let length = readBytes; ; length *= 2) {
    const read = await handle.read(0, Math.min(length, identity.bytes)).catch((cause: unknown) => {
      throw unreadableError(path, cause)
    })
    const bytes = Buffer.from(read.buffer, read.byteOffset, read.length)
    const header = firstRow(bytes, options.delimiter, bytes.length >= identity.bytes)
    if (header === 'none')
      return { columns: [], next: { offset: identity.bytes, line: null, inRecord: false } }
    if (header === 'cut-short') {
      if (length > options.rowBytesMax) throw illegal(`expected at most ${options.rowBytesMax} bytes`)
      continue
    }
    const { rows } = header
    const content = bytes.subarray(rows.start(0), rows.stop(0))
    if (!isUtf8(content)) throw illegal('expected UTF-8 text')
    const columns = namesIn(content, options.delimiter, illegal)
    requireColumns(columns, illegal)
    return { columns, next: { offset: rows.end(0), line: rows.nextLine(0), inRecord: false } }
  }
}

function firstRow(bytes: Buffer, separator: string, whole: boolean): { rows: Rows } | 'none' | 'cut-short' {
  const delimiter = csvDelimiter(separator.charCodeAt(0))
  const rows = new Rows(bytes, 1)
  let line: number | null = 1
  for (let at = bytes.indexOf('\ufeff') === 0 ? 3 : 0; at < bytes.length;) {
    const found = delimiter.endOf(bytes, at)
    if (found === -1 && !whole) return 'cut-short'
    const end = found === -1 ? bytes.length : found
    rows.add(at, end, line, { skipBlank: true, multiline: true })
    if (rows.count === 1) return { rows }
    line = rows.lineAfter
    at = end
  }
  return whole ? 'none' : 'cut-short'
}

function namesIn(
  content: Buffer,
  delimiter: string,
  illegal: (message: string) => SourceError,
): readonly string[] {
  try {
    return parseCsv(content, delimiter)[0] ?? []
  } catch (cause) {
    throw illegal(
      `expected CSV, found ${JSON.stringify(content.toString('utf8', 0, 80))}: ${(cause as Error).message}`,
    )
  }
}
