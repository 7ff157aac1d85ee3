import type { BadRows } from '../options.ts'
import type { Delimiter } from './delimiters.ts'
import { RowFault } from './row-fault.ts'
import type { Rows } from './rows.ts'

/** What makes lines, JSON lines and CSV of the same bytes. */
export interface TextFormat<T> {
  readonly delimiter: () => Delimiter
  /** Empty lines are no rows. */
  readonly skipBlank: boolean
  /** A row may hold line breaks. */
  readonly multiline: boolean
  readonly rowBytesMax: number
  /** How much is read at once. */
  readonly blockBytes: number
  readonly badRows: BadRows
  /** Called once a chunk; what it returns gives record `i`, or throws. */
  readonly parse: (rows: Rows) => (i: number) => T
}

/** `parse`, then the user's `decode`, whose throw is a bad row. */
export function decoding<Row, T>(
  parse: (rows: Rows) => (i: number) => Row,
  decode: ((row: Row) => T) | undefined,
): (rows: Rows) => (i: number) => T {
  if (!decode) return parse as unknown as (rows: Rows) => (i: number) => T
  return (rows) => {
    const row = parse(rows)
    return (i) => callDecode(decode, row(i), () => rows.rawText(i))
  }
}

function callDecode<Row, T>(decode: (row: Row) => T, row: Row, text: () => string): T {
  try {
    return decode(row)
  } catch (cause) {
    throw new RowFault('ROW_DECODE', 'a row that decode accepts', text(), cause)
  }
}
