import type { SourceDefinition } from '../source.ts'
import { RowFault } from './files/row-fault.ts'
import type { Rows } from './files/rows.ts'
import { decoding } from './files/text-format.ts'
import { lineSource, type LinesOptions } from './lines.ts'
import type { RowOptions } from './options.ts'

export interface JsonlOptions<T> extends Omit<LinesOptions<T>, 'decode'>, RowOptions<unknown, T> {}

/**
 * Files of one JSON value a line (UTF-8; empty lines are skipped). Without `decode`, `T` is your word for
 * what the file holds; `decode` checks it: what it throws makes the line a bad row.
 */
export function fromJsonl<T = unknown>(
  path: string | readonly string[],
  options: JsonlOptions<T> = {},
): SourceDefinition<T> {
  return lineSource<unknown, T>('jsonl', path, options, {
    skipBlank: true,
    parse: decoding(parseJson, options.decode),
  })
}

const parseJson =
  (rows: Rows) =>
  (i: number): unknown => {
    const text = rows.text(i)
    try {
      return JSON.parse(text)
    } catch (cause) {
      throw new RowFault('ROW_MALFORMED', 'one JSON value', text, cause)
    }
  }
