/**
 * A keyed count that tells every update; of each record, how long after it was due its update was there. In worker
 * processes every record crosses, as in the bench `edge`.
 */
import { collect, flow, type Flow } from '../../index.ts'
import { crossingKeys, saleMaker, type Sale } from '../data/records.ts'
import type { LatencySetup } from '../harness/worker-setups.ts'
import { Latencies } from './latencies.ts'
import { nowMs, pacedSource } from './paced-source.ts'

export interface LatencyRow {
  readonly seen: number
  /** From the warm-up's last record to the last of all. */
  readonly tookMs: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
}

interface Due {
  readonly sale: Sale
  readonly dueMs: number
}

export function latencyFlow({ records, warmRecords, perSecond, keys }: LatencySetup): {
  readonly made: Flow
  readonly rows: { readonly values: readonly LatencyRow[] }
} {
  const rows = collect<LatencyRow>()
  const latencies = new Latencies()
  let seen = 0
  let warmMs = 0
  const make = saleMaker(crossingKeys(keys))
  const made = flow('bench-latency')
  made
    .source(
      'sales',
      pacedSource({ count: records, perSecond: perSecond ?? Infinity }, (i, dueMs): Due => ({
        sale: make(i),
        dueMs,
      })),
    )
    .keyBy('by-key', ({ sale }) => sale.key)
    .aggregate(
      'count',
      {
        init: () => ({ count: 0, dueMs: 0 }),
        add: (state, { dueMs }: Due) => ({ count: state.count + 1, dueMs }),
      },
      { parallelism: 2 },
    )
    .map('look', ({ dueMs }): LatencyRow | undefined => {
      const now = nowMs()
      seen += 1
      if (seen === warmRecords) warmMs = now
      if (seen > warmRecords) latencies.add(now - dueMs)
      if (seen < records) return undefined
      return {
        seen,
        tookMs: now - warmMs,
        p50Ms: latencies.percentile(0.5),
        p99Ms: latencies.percentile(0.99),
        p999Ms: latencies.percentile(0.999),
        maxMs: latencies.max,
      }
    })
    .filter('last', (row) => row !== undefined)
    .sink('rows', rows)
  return { made, rows }
}
