/** The fields of CSV rows. Rows without a quote are only cut at the delimiter; csv-parse knows the rest. */
import { parse } from 'csv-parse/sync'
import { RowFault } from './files/row-fault.ts'
import type { Rows } from './files/rows.ts'

/** The fields by column name. */
export type CsvRow = Readonly<Record<string, string>>

export interface CsvShape {
  readonly columns: readonly string[]
  readonly delimiter: string
  readonly rowBytesMax: number
}

export function parseCsv(content: Buffer, delimiter: string): string[][] {
  return parse(content, {
    columns: false,
    delimiter,
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    skip_empty_lines: true,
  })
}

export const csvRows =
  (shape: CsvShape) =>
  (rows: Rows): ((i: number) => CsvRow) => {
    const all = parseAll(rows, shape)
    return (i) => toRow(all ? (all[i] ?? []) : fieldsOf(rows, i, shape), rows, i, shape)
  }

/** A call of csv-parse costs as much as ten rows, so a chunk with quotes is parsed in one where that works. */
function parseAll(rows: Rows, { delimiter, rowBytesMax }: CsvShape): string[][] | null {
  const content = rows.bytes.subarray(rows.start(0), rows.stop(rows.count - 1))
  if (!content.includes('"') || !rows.plain(rowBytesMax)) return null
  try {
    const all = parseCsv(content, delimiter)
    return all.length === rows.count ? all : null
  } catch {
    // One of the rows is bad: parsed one by one, it is found.
    return null
  }
}

function fieldsOf(rows: Rows, i: number, { delimiter }: CsvShape): string[] {
  const text = rows.text(i)
  if (!text.includes('"')) return text.split(delimiter)
  const found = parseRow(rows.bytes.subarray(rows.start(i), rows.stop(i)), delimiter)
  if (Array.isArray(found)) return found
  throw new RowFault('ROW_MALFORMED', 'one row of CSV', text, found)
}

/** The fields, or what csv-parse has against them. */
function parseRow(content: Buffer, delimiter: string): string[] | Error {
  try {
    const [fields, ...more] = parseCsv(content, delimiter)
    return fields && more.length === 0
      ? fields
      : new Error(`it reads as ${fields ? more.length + 1 : 0} rows`)
  } catch (cause) {
    return cause as Error
  }
}

function toRow(fields: readonly string[], rows: Rows, i: number, { columns }: CsvShape): CsvRow {
  if (fields.length !== columns.length) {
    throw new RowFault('ROW_COLUMNS', `${columns.length} fields, got ${fields.length}`, rows.rawText(i))
  }
  const row: Record<string, string> = {}
  for (let c = 0; c < columns.length; c += 1) row[columns[c] as string] = fields[c] as string
  return row
}
