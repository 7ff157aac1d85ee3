/** A query's committed output against SQL over the same events: equal as multisets of rows, to the last field. */
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { ColumnKind, Expected } from './expected.ts'

export interface Judged {
  readonly rowsExpected: number
  readonly rowsOut: number
  /** Rows too few and rows too many, together. */
  readonly differences: number
  /** The first of them. */
  readonly samples: readonly Sample[]
}

export interface Sample {
  readonly kind: 'missing' | 'surplus'
  readonly times: number
  readonly row: Readonly<Record<string, unknown>>
}

const samplesMax = 5

/** `folder` holds what `toJsonl` committed. DuckDB reads the files itself, so that no row passes through here. */
export async function judge(
  connection: DuckDBConnection,
  { columns, sql, fold }: Expected,
  folder: string,
): Promise<Judged> {
  const names = Object.keys(columns).join(', ')
  const files = await committedFiles(folder)
  const written = fold?.columns ?? columns
  for (const file of files) await requireFields(file, Object.keys(written))
  const typed = Object.entries(columns).map(([name, kind]) => `${name}::${sqlType(kind)} AS ${name}`)
  await connection.run(`CREATE OR REPLACE TEMP TABLE expected AS SELECT ${typed.join(', ')} FROM (${sql})`)
  await connection.run(`CREATE OR REPLACE TEMP TABLE found AS ${foundSql(written, files)}`)
  if (fold) await connection.run(`CREATE OR REPLACE TEMP TABLE found AS ${fold.sql}`)
  await connection.run(`
    CREATE OR REPLACE TEMP TABLE delta AS
    SELECT ${names}, sum(side) AS times FROM (
      SELECT ${names}, 1 AS side FROM expected UNION ALL SELECT ${names}, -1 AS side FROM found
    ) GROUP BY ${names} HAVING sum(side) <> 0`)
  const [counts] = await rows(
    connection,
    `SELECT (SELECT count(*) FROM expected)::DOUBLE AS expected, (SELECT count(*) FROM found)::DOUBLE AS found,
       (SELECT coalesce(sum(abs(times)), 0) FROM delta)::DOUBLE AS differences`,
  )
  const samples = await rows(
    connection,
    `SELECT * REPLACE (times::DOUBLE AS times) FROM delta LIMIT ${samplesMax}`,
  )
  return {
    rowsExpected: Number(counts?.['expected']),
    rowsOut: Number(counts?.['found']),
    differences: Number(counts?.['differences']),
    samples: samples.map(({ times, ...row }) => ({
      kind: Number(times) > 0 ? 'missing' : 'surplus',
      times: Math.abs(Number(times)),
      row,
    })),
  }
}

const sqlType = (kind: ColumnKind): string => (kind === 'number' ? 'DOUBLE' : 'VARCHAR')

function foundSql(columns: Readonly<Record<string, ColumnKind>>, files: readonly string[]): string {
  const names = Object.keys(columns).join(', ')
  const types = Object.entries(columns).map(([name, kind]) => `${name}: '${sqlType(kind)}'`)
  if (files.length === 0) {
    const none = Object.entries(columns).map(([name, kind]) => `NULL::${sqlType(kind)} AS ${name}`)
    return `SELECT ${none.join(', ')} LIMIT 0`
  }
  const list = files.map((file) => `'${file.replaceAll("'", "''")}'`).join(', ')
  return `SELECT ${names} FROM read_json([${list}], format = 'newline_delimited', columns = {${types.join(', ')}})`
}

/** Every `part-….jsonl` below the folder. */
async function committedFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && /^part-.*\.jsonl$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

/** DuckDB would pass over a field that no column is for: the first row of each file must have the fields and no others. */
async function requireFields(file: string, fields: readonly string[]): Promise<void> {
  const input = createReadStream(file, 'utf8')
  try {
    for await (const line of createInterface({ input })) {
      const found = Object.keys(JSON.parse(line) as object).sort()
      if (found.join() === [...fields].sort().join()) return
      throw new Error(`${file}: expected rows of ${[...fields].sort().join(', ')}, found ${found.join(', ')}`)
    }
  } finally {
    input.destroy()
  }
}

const rows = async (connection: DuckDBConnection, sql: string): Promise<Record<string, unknown>[]> =>
  (await connection.runAndReadAll(sql)).getRowObjectsJS()
