/** How long a failure costs: from the blow to `job.restored`, that is, to every task running again. */
import { setTimeout as sleep } from 'node:timers/promises'
import { fileStore, flow, fromGenerator, run, toFunction } from '../../index.ts'
import { saleMaker, someKeys } from '../data/records.ts'
import { everyMsOf, numberOf, textOf, type Contender, type Measured } from '../harness/contender.ts'
import { watchJob, type JobWatch } from '../harness/job-watch.ts'
import { recoverySetup } from '../harness/worker-setups.ts'
import { median, percentile } from '../harness/statistics.ts'
import { withTemporaryFolder } from '../harness/temporary-folder.ts'

const checkpointMsMax = 2_000
/** More than the blows, should no checkpoint complete between them. */
const restart = { restartsMax: 50, withinMs: 600_000, delayMs: 0 }

/** `kill -9` of one of two worker processes. Cold: a new process takes its place. */
export const recoveryKill: Contender = async (params) => {
  const keys = numberOf(params, 'keys')
  recoverySetup.write({ keys })
  const { default: recovery } = await import('../recovery-flow.ts')
  return withTemporaryFolder(async (folder) => {
    const job = await run(recovery, {
      workers: 2,
      nats: textOf(params, 'nats'),
      entry: new URL('../recovery-flow.js', import.meta.url),
      checkpoints: { everyMs: everyMsOf(params), store: fileStore(folder) },
      restart,
    })
    const watch = watchJob(job)
    await watch.filled(keys)
    const tookMs = await strike(watch, numberOf(params, 'blows'), (blow) => {
      const pid = [...watch.workers.values()][blow % watch.workers.size]
      if (pid === undefined) throw new Error('expected a worker to kill, found none')
      process.kill(pid, 'SIGKILL')
      const killedMs = performance.now()
      return () => killedMs
    })
    await job.stop()
    return summary(tookMs)
  })
}

/** A throw in an operator, in process: nothing is started anew but the tasks. */
export const recoveryThrow: Contender = (params) => {
  const keys = numberOf(params, 'keys')
  const trap = { set: false, sprungMs: 0 }
  return withTemporaryFolder(async (folder) => {
    const throwing = flow('bench-throw')
    throwing
      // No two records are equal: an equal one that fails again would be taken for poison.
      .source('sales', fromGenerator({ count: Infinity, at: saleMaker(someKeys(keys)) }))
      .map('trap', (sale) => {
        if (!trap.set) return sale
        trap.set = false
        trap.sprungMs = performance.now()
        throw new Error('thrown by the benchmark')
      })
      .keyBy('by-key', (sale) => sale.key)
      .aggregate('count', { init: () => 0, add: (n: number) => n + 1 }, { emitOn: 'end' })
      .sink(
        'none',
        toFunction(() => undefined),
      )
    const job = await run(throwing, {
      parallelism: 1,
      checkpoints: { everyMs: everyMsOf(params), store: fileStore(folder) },
      restart,
    })
    const watch = watchJob(job)
    await watch.filled(keys)
    const tookMs = await strike(watch, numberOf(params, 'blows'), () => {
      trap.set = true
      return () => trap.sprungMs
    })
    await job.stop()
    return summary(tookMs)
  })
}

/** Each blow lands at another moment between two checkpoints; `hit` answers how to learn when it landed. */
async function strike(
  watch: JobWatch,
  blows: number,
  hit: (blow: number) => () => number,
): Promise<number[]> {
  const tookMs: number[] = []
  for (let blow = 0; blow < blows; blow += 1) {
    await sleep((blow * 37) % 150)
    const restored = watch.next('job.restored')
    const landedMs = hit(blow)
    const { seenMs } = await restored
    tookMs.push(seenMs - landedMs())
    // A large state may take longer: then the next blow falls into its checkpoint.
    const completed = watch.next('checkpoint.completed')
    completed.catch(() => undefined)
    await Promise.race([completed, sleep(checkpointMsMax)])
  }
  return tookMs
}

function summary(tookMs: readonly number[]): Measured {
  return {
    value: median(tookMs),
    notes: { max: Math.max(...tookMs), p99: percentile(tookMs, 0.99), blows: tookMs.length },
  }
}
