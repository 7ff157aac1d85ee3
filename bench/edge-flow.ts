/**
 * The flow of the bench over NATS, which the worker processes load: the source runs in the first worker, all its
 * keys belong to the count's second task, in the second worker, so every record crosses the wire.
 */
import { collect, flow, fromGenerator } from './../index.ts'
import { crossingKeys, saleMaker, type Sale } from './data/records.ts'
import { edgeSetup } from './harness/worker-setups.ts'

export interface EdgeRow {
  readonly key: string
  readonly count: number
  /** Of the counting worker's clock: at the warm-up's last record, and when this key's input had ended. */
  readonly warmMs: number
  readonly endedMs: number
}

const { records, warmRecords, keys } = edgeSetup.read()
let warmMs = 0

export const rows = collect<EdgeRow>()

const edge = flow('bench-edge')
edge
  .source('sales', fromGenerator({ count: records, at: saleMaker(crossingKeys(keys)) }))
  .keyBy('by-key', (sale: Sale) => sale.key)
  .aggregate(
    'count',
    {
      init: () => 0,
      add: (n: number, sale: Sale) => {
        if (sale.id === warmRecords) warmMs = performance.now()
        return n + 1
      },
      result: (count, key): EdgeRow => ({
        key: key as string,
        count,
        warmMs,
        endedMs: performance.now(),
      }),
    },
    { emitOn: 'end', parallelism: 2 },
  )
  .sink('rows', rows)

export default edge
