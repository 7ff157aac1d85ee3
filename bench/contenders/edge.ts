/** Keyed count across two worker processes over NATS, by the engine. */
import { run } from '../../index.ts'
import { everyMsOf, expectEqual, numberOf, textOf, type Contender } from '../harness/contender.ts'
import { edgeSetup } from '../harness/worker-setups.ts'

export const edgeMillrace: Contender = async (params) => {
  const records = numberOf(params, 'records')
  const warmRecords = numberOf(params, 'warmRecords')
  edgeSetup.write({ records, warmRecords, keys: numberOf(params, 'keys') })
  const { default: edge, rows } = await import('../edge-flow.ts')
  const job = await run(edge, {
    workers: 2,
    parallelism: 1,
    nats: textOf(params, 'nats'),
    entry: new URL('../edge-flow.js', import.meta.url),
    checkpoints: { everyMs: everyMsOf(params) },
  })
  const { checkpoints, restarts } = await job.finished
  expectEqual('restarts', restarts, 0)
  expectEqual('records counted', rows.values.reduce((sum, row) => sum + row.count, 0), records) // prettier-ignore
  const endedMs = Math.min(...rows.values.map((row) => row.endedMs))
  const warmMs = rows.values[0]?.warmMs ?? 0
  const tookMs = endedMs - warmMs
  return { value: ((records - warmRecords) / tookMs) * 1000, notes: { records, ms: tookMs, checkpoints } }
}
