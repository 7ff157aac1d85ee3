/**
 * An endless keyed count in one process, watched through a window: its throughput without start and end, and how
 * long the event loop stands still. Records are made beforehand, or each when it is read (`made: 'late'`), where so
 * many would not fit in memory. With `parallelism` above 1 they go between as many tasks of the source and the count.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileStore, flow, fromGenerator, run, toFunction, type JobHandle } from '../../index.ts'
import { saleMaker, salePool, someKeys, type Sale } from '../data/records.ts'
import { everyMsOf, numberOf, type Contender, type Params } from '../harness/contender.ts'
import { withTemporaryFolder } from '../harness/temporary-folder.ts'
import { cpuMsSince } from '../harness/throughput.ts'

interface Watched {
  readonly perSecond: number
  readonly perCpuSecond: number
  readonly stallMs: { readonly max: number; readonly p50: number; readonly p99: number }
  readonly checkpoints: number
}

export const steadyThroughput: Contender = async (params) => {
  const { perSecond, perCpuSecond, checkpoints } = await watch(params)
  return { value: perSecond, perCpuSecond, notes: { checkpoints } }
}

export const steadyStall: Contender = async (params) => {
  const { stallMs, checkpoints } = await watch(params)
  return { value: stallMs.max, notes: { p50: stallMs.p50, p99: stallMs.p99, checkpoints } }
}

const resolutionMs = 1
const patienceMs = 180_000

function watch(params: Params): Promise<Watched> {
  const keys = numberOf(params, 'keys')
  const parallelism = params['parallelism'] === undefined ? 1 : numberOf(params, 'parallelism')
  const sale = params['made'] === 'late' ? saleMaker(someKeys(keys)) : pooled(keys)
  let made = 0
  return withTemporaryFolder(async (folder) => {
    const counted = flow('steady')
    counted
      .source(
        'sales',
        fromGenerator({
          count: Infinity,
          splits: parallelism,
          share: 'interleaved',
          at: (i) => {
            made += 1
            return sale(i)
          },
        }),
      )
      .keyBy('by-key', ({ key }) => key)
      .aggregate('count', { init: () => 0, add: (n: number) => n + 1 }, { emitOn: 'end' })
      .sink(
        'none',
        toFunction(() => undefined),
      )
    const store = fileStore(folder)
    const job = await run(counted, { parallelism, checkpoints: { everyMs: everyMsOf(params), store } })
    try {
      // Every key has its state, or soon will: splits do not go in step.
      while (made < keys * 2) await sleep(20)
      return await window(params, job, () => made)
    } finally {
      await job.stop()
    }
  })
}

function pooled(keys: number): (i: number) => Sale {
  const { pool, mask } = salePool(keys)
  return (i) => pool[i & mask] as Sale
}

async function window(params: Params, job: JobHandle, made: () => number): Promise<Watched> {
  // The code is compiled, that of checkpoints too.
  await checkpoints(params, job, numberOf(params, 'checkpointsMin'))
  await sleep(numberOf(params, 'warmMs'))
  const delay = monitorEventLoopDelay({ resolution: resolutionMs })
  delay.enable()
  const cpuBefore = process.cpuUsage()
  const startedMs = performance.now()
  const before = { made: made(), checkpoint: newest(job) }
  await sleep(numberOf(params, 'measureMs'))
  // The window lasts until so many completed, however long they take: one without any would flatter.
  await checkpoints(params, job, before.checkpoint + numberOf(params, 'checkpointsMin'))
  const count = made() - before.made
  const perSecond = (count / (performance.now() - startedMs)) * 1000
  const perCpuSecond = (count / cpuMsSince(cpuBefore)) * 1000
  delay.disable()
  const ms = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - resolutionMs)
  const stallMs = { max: ms(delay.max), p50: ms(delay.percentile(50)), p99: ms(delay.percentile(99)) }
  return { perSecond, perCpuSecond, stallMs, checkpoints: newest(job) - before.checkpoint }
}

/** Until the job took the checkpoint `id`, where it takes any. */
async function checkpoints(params: Params, job: JobHandle, id: number): Promise<void> {
  const startedMs = performance.now()
  while (everyMsOf(params) !== null && newest(job) < id) {
    if (performance.now() - startedMs > patienceMs)
      throw new Error(`expected checkpoint ${id} within ${patienceMs} ms, found ${newest(job)}`)
    await sleep(50)
  }
}

const newest = (job: JobHandle): number => job.status().checkpoint ?? 0
