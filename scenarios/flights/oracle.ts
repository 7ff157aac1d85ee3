/** The same results by SQL over the same file. Shares no code with the flow or the engine. */
import { loadDuckDb } from './dataset.ts'

export interface Recount {
  /** Rows of the file. */
  readonly records: number
  readonly daily: readonly Record<string, unknown>[]
  readonly late: readonly Record<string, unknown>[]
}

// DOUBLE holds these sums exactly, and IEEE division of the same integers gives the same mean.
const dailySql = `
  SELECT origin,
         strftime(date, '%Y-%m-%d') AS day,
         count(*)::DOUBLE AS flights,
         count(*) FILTER (WHERE delay > 15)::DOUBLE AS delayed,
         sum(delay)::DOUBLE AS "delaySum",
         max(delay)::DOUBLE AS "delayMax",
         sum(delay)::DOUBLE / count(*)::DOUBLE AS "delayMean"
  FROM read_parquet($file)
  GROUP BY 1, 2`

const lateSql = `
  SELECT epoch_ms(date)::DOUBLE AS "atMs", delay::DOUBLE AS delay, distance::DOUBLE AS distance, origin, destination
  FROM read_parquet($file)
  WHERE delay >= 120`

export async function recountFlights(file: string): Promise<Recount> {
  const { DuckDBInstance } = await loadDuckDb()
  const database = await DuckDBInstance.create(':memory:')
  const connection = await database.connect()
  try {
    const rows = async (sql: string): Promise<Record<string, unknown>[]> =>
      (await connection.runAndReadAll(sql, { file })).getRowObjectsJS()
    const [total] = await rows('SELECT count(*)::DOUBLE AS records FROM read_parquet($file)')
    return { records: Number(total?.['records']), daily: await rows(dailySql), late: await rows(lateSql) }
  } finally {
    connection.closeSync()
    database.closeSync()
  }
}
