/** Latency at half of the rate that the same flow reaches, in one process or across two over NATS. */
import { fileStore, run } from '../../index.ts'
import {
  everyMsOf,
  expectEqual,
  numberOf,
  textOf,
  type Contender,
  type Params,
} from '../harness/contender.ts'
import { withTemporaryFolder } from '../harness/temporary-folder.ts'
import { latencySetup, type LatencySetup } from '../harness/worker-setups.ts'
import { latencyFlow, type LatencyRow } from '../latency/flow.ts'

export const latency: Contender = async (params) => {
  const [records, warmMs, measureMs] = ['peakRecords', 'warmMs', 'measureMs'].map((name) =>
    numberOf(params, name),
  ) as [number, number, number]
  const keys = numberOf(params, 'keys')
  const atPeak = await play(params, { records, warmRecords: records >> 2, perSecond: null, keys })
  const peak = ((atPeak.seen - (records >> 2)) / atPeak.tookMs) * 1_000
  const perSecond = peak / 2
  const ofMs = (ms: number): number => Math.ceil((perSecond * ms) / 1_000)
  const row = await play(params, {
    records: ofMs(warmMs + measureMs),
    warmRecords: ofMs(warmMs),
    perSecond,
    keys,
  })
  return {
    value: row.p99Ms,
    notes: { p50: row.p50Ms, 'p99.9': row.p999Ms, max: row.maxMs, 'thousands a second': perSecond / 1_000 },
  }
}

function play(params: Params, setup: LatencySetup): Promise<LatencyRow> {
  return withTemporaryFolder(async (folder) => {
    latencySetup.write(setup)
    const { made, rows } = latencyFlow(setup)
    const job = await run(made, {
      parallelism: 1,
      checkpoints: { everyMs: everyMsOf(params), store: fileStore(folder) },
      ...(params['nats'] !== null && {
        workers: 2,
        nats: textOf(params, 'nats'),
        entry: new URL('../latency/entry.js', import.meta.url),
      }),
    })
    const { restarts } = await job.finished
    expectEqual('restarts', restarts, 0)
    expectEqual('rows of figures', rows.values.length, 1)
    const [row] = rows.values as readonly [LatencyRow]
    expectEqual('records seen', row.seen, setup.records)
    return row
  })
}
