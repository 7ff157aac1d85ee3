import type { SourceDefinition } from '../source.ts'
import { lineDelimiter } from './files/delimiters.ts'
import { decoding, type TextFormat } from './files/text-format.ts'
import { blockBytesDefault, rowBytesMaxDefault, splitBytesDefault, textSource } from './files/text-source.ts'
import { resolveBadRows, resolvePaths, resolveWholeNumber, type RowOptions } from './options.ts'

export interface LinesOptions<T> extends RowOptions<string, T> {
  /** Size of the pieces that tasks read in parallel; default 64 MiB. Fixed for the life of a job. */
  readonly splitBytes?: number
  /** A longer line is a bad row; default 16 MiB. */
  readonly lineBytesMax?: number
}

/**
 * The lines of UTF-8 files, without their line breaks (`\n` or `\r\n`); a byte order mark is skipped. Empty
 * lines count. Replays by byte position; a file that changed in between is an error.
 */
export function fromLines<T = string>(
  path: string | readonly string[],
  options: LinesOptions<T> = {},
): SourceDefinition<T> {
  return lineSource('lines', path, options, {
    skipBlank: false,
    parse: decoding((rows) => (i) => rows.text(i), options.decode),
  })
}

/** What `fromLines` and `fromJsonl` share. */
export function lineSource<Row, T>(
  kind: string,
  path: string | readonly string[],
  options: Omit<LinesOptions<T>, 'decode'> & RowOptions<Row, T>,
  { skipBlank, parse }: Pick<TextFormat<T>, 'skipBlank' | 'parse'>,
): SourceDefinition<T> {
  const badRows = resolveBadRows(kind, options.badRows)
  const format: TextFormat<T> = {
    delimiter: lineDelimiter,
    skipBlank,
    blockBytes: blockBytesDefault,
    multiline: false,
    rowBytesMax: resolveWholeNumber(kind, {
      name: 'lineBytesMax',
      value: options.lineBytesMax,
      otherwise: rowBytesMaxDefault,
      min: 1,
    }),
    badRows,
    parse,
  }
  return textSource({
    kind,
    paths: resolvePaths(kind, path),
    splitBytes: resolveWholeNumber(kind, {
      name: 'splitBytes',
      value: options.splitBytes,
      otherwise: splitBytesDefault,
      min: 1,
    }),
    deadLetters: badRows === 'dead-letter',
    begin: async () => ({ format, first: null }),
  })
}
