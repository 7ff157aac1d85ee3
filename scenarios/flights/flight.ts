import type { ParquetRow } from '../../index.ts'

export interface Flight {
  readonly atMs: number
  /** Minutes; below zero when early. */
  readonly delay: number
  /** Miles. */
  readonly distance: number
  readonly origin: string
  readonly destination: string
}

/** Throws where a column is missing or null: the data set has neither. */
export function parseFlight(row: ParquetRow): Flight {
  const { date, delay, distance, origin, destination } = row
  if (!(date instanceof Date)) throw wrong('date', 'a timestamp', date)
  if (typeof delay !== 'bigint') throw wrong('delay', 'a whole number', delay)
  if (typeof distance !== 'bigint') throw wrong('distance', 'a whole number', distance)
  if (typeof origin !== 'string') throw wrong('origin', 'text', origin)
  if (typeof destination !== 'string') throw wrong('destination', 'text', destination)
  return { atMs: date.getTime(), delay: Number(delay), distance: Number(distance), origin, destination }
}

const wrong = (column: string, expected: string, found: unknown): TypeError =>
  new TypeError(`column ${column} must be ${expected}, found ${String(found)}`)
