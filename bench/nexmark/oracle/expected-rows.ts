/** A query's expected rows as objects: for inputs so small that they are compared in memory. */
import type { DuckDBConnection } from '@duckdb/node-api'
import type { Expected } from './expected.ts'

export async function expectedRows(
  connection: DuckDBConnection,
  { columns, sql }: Expected,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const typed = Object.entries(columns).map(
    ([name, kind]) => `${name}::${kind === 'number' ? 'DOUBLE' : 'VARCHAR'} AS ${name}`,
  )
  const found = await connection.runAndReadAll(`SELECT ${typed.join(', ')} FROM (${sql})`)
  return found.getRowObjectsJS()
}
