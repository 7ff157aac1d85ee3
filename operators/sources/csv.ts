import { ConfigError } from '../../core/errors.ts'
import type { SourceDefinition } from '../source.ts'
import { requireColumns } from './columns.ts'
import { readCsvHeader } from './csv-header.ts'
import { csvRows, type CsvRow } from './csv-rows.ts'
import { csvDelimiter } from './files/delimiters.ts'
import type { OpenFile } from './files/identity.ts'
import { rangeStart } from './files/position.ts'
import { wholeFile } from './files/ranges.ts'
import { decoding, type TextFormat } from './files/text-format.ts'
import { blockBytesDefault, rowBytesMaxDefault, textSource } from './files/text-source.ts'
import { resolveBadRows, resolvePaths, resolveWholeNumber, type RowOptions } from './options.ts'
import { show } from '../../core/show.ts'

export interface CsvOptions<T> extends RowOptions<CsvRow, T> {
  /** Names for a file without a header; by default the first row names the columns. */
  readonly columns?: readonly string[]
  /** One ASCII character; default `,`. */
  readonly delimiter?: string
  /** A longer row is a bad row; default 16 MiB. */
  readonly rowBytesMax?: number
}

/**
 * CSV files as RFC 4180 has them, in UTF-8: fields may be quoted, quoted ones may hold line breaks. Every row
 * is an object of strings by column name; a row with more or fewer fields is a bad row. A file is one split.
 */
export function fromCsv<T = CsvRow>(
  path: string | readonly string[],
  options: CsvOptions<T> = {},
): SourceDefinition<T> {
  const badRows = resolveBadRows('csv', options.badRows)
  const delimiter = resolveDelimiter(options.delimiter)
  const rowBytesMax = resolveWholeNumber('csv', {
    name: 'rowBytesMax',
    value: options.rowBytesMax,
    otherwise: rowBytesMaxDefault,
    min: 1,
  })
  const columns = options.columns === undefined ? null : [...options.columns]
  if (columns) requireColumns(columns, (message) => new ConfigError('OPTION_ILLEGAL', `csv: ${message}`))

  const format = (names: readonly string[]): TextFormat<T> => ({
    delimiter: () => csvDelimiter(delimiter.charCodeAt(0)),
    skipBlank: true,
    blockBytes: blockBytesDefault,
    multiline: true,
    rowBytesMax,
    badRows,
    parse: decoding(csvRows({ columns: names, delimiter, rowBytesMax }), options.decode),
  })
  return textSource({
    kind: 'csv',
    paths: resolvePaths('csv', path),
    splitBytes: null,
    deadLetters: badRows === 'dead-letter',
    begin: async (file: OpenFile) => {
      if (columns) return { format: format(columns), first: rangeStart(wholeFile) }
      const header = await readCsvHeader(file, { delimiter, rowBytesMax })
      return { format: format(header.columns), first: header.next }
    },
  })
}

function resolveDelimiter(delimiter = ','): string {
  if (/^[\t -~]$/.test(delimiter) && delimiter !== '"') return delimiter
  throw new ConfigError(
    'OPTION_ILLEGAL',
    `csv: delimiter must be one ASCII character other than a quote, got ${show(delimiter)}`,
  )
}
