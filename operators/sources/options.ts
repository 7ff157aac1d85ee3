/** Options that the file sources share, resolved once; rejected with the reason, never clamped. */
import { ConfigError } from '../../core/errors.ts'
import { show } from '../../core/show.ts'

export interface RowOptions<Row, T> {
  /** Turns a row into a record; what it throws makes the row a bad row. Synchronous. */
  readonly decode?: (row: Row) => T
  /** `fail` (default): the first bad row fails the job. `dead-letter`: it goes to the dead-letter branch. */
  readonly badRows?: BadRows
}

export type BadRows = 'fail' | 'dead-letter'

export function resolveBadRows(kind: string, badRows: BadRows | undefined): BadRows {
  if (badRows === undefined) return 'fail'
  if (badRows === 'fail' || badRows === 'dead-letter') return badRows
  throw new ConfigError(
    'OPTION_ILLEGAL',
    `${kind}: badRows must be 'fail' or 'dead-letter', got ${show(badRows)}`,
  )
}

export interface WholeNumber {
  readonly name: string
  readonly value: number | undefined
  readonly otherwise: number
  readonly min: number
}

export function resolveWholeNumber(kind: string, { name, value, otherwise, min }: WholeNumber): number {
  if (value === undefined) return otherwise
  if (Number.isSafeInteger(value) && value >= min) return value
  throw new ConfigError('OPTION_ILLEGAL', `${kind}: ${name} must be a whole number ≥ ${min}, got ${value}`)
}

export function resolvePaths(kind: string, path: string | readonly string[]): readonly string[] {
  const paths = typeof path === 'string' ? [path] : [...path]
  if (paths.length === 0)
    throw new ConfigError('OPTION_ILLEGAL', `${kind}: expected at least one path, got none`)
  const seen = new Set<string>()
  for (const each of paths) {
    if (typeof each !== 'string' || each === '' || each.includes('\0')) {
      throw new ConfigError('OPTION_ILLEGAL', `${kind}: a path must be a non-empty string, got ${show(each)}`)
    }
    if (seen.has(each))
      throw new ConfigError(
        'OPTION_ILLEGAL',
        `${kind}: '${each}' is named twice; its rows would be read twice`,
      )
    seen.add(each)
  }
  return paths
}
