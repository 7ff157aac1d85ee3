/** The committed output against the recount, row by row. */
import { join } from 'node:path'
import { compareRows, type Comparison } from '../harness/compare.ts'
import { readJsonlFolder } from '../harness/jsonl.ts'
import type { Recount } from './oracle.ts'

export type Row = Readonly<Record<string, unknown>>

export interface Judged extends Comparison<Row> {
  /** `daily` or `late`. */
  readonly output: string
}

export async function judgeFlights(out: string, recount: Recount): Promise<readonly Judged[]> {
  const [daily, late] = await Promise.all([
    readJsonlFolder<Row>(join(out, 'daily')),
    readJsonlFolder<Row>(join(out, 'late')),
  ])
  return [
    {
      output: 'daily',
      ...compareRows(recount.daily, daily, (row) => `${String(row['origin'])} ${String(row['day'])}`),
    },
    { output: 'late', ...compareRows(recount.late, late) },
  ]
}
