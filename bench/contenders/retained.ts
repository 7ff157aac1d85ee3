/**
 * What a checkpoint takes when a job has taken many, or keeps many; and how long a start takes that finds them. The
 * job does next to nothing else: checkpoints follow each other without a pause.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { fileStore, flow, fromGenerator, run, toFunction, type JobHandle } from '../../index.ts'
import { saleMaker, someKeys } from '../data/records.ts'
import { numberOf, type Contender } from '../harness/contender.ts'
import { withTemporaryFolder } from '../harness/temporary-folder.ts'

/** Milliseconds a checkpoint, of `measured` ones after the first `taken`; `keep` of them are kept. */
export const retained: Contender = (params) =>
  withTemporaryFolder(async (folder) => {
    const taken = numberOf(params, 'taken')
    const measured = numberOf(params, 'measured')
    const start = (): Promise<JobHandle> =>
      run(trickle(), {
        parallelism: 1,
        checkpoints: { everyMs: 1, keep: numberOf(params, 'keep'), store: fileStore(folder) },
      })
    const first = await start()
    await reached(first, taken)
    const startedMs = performance.now()
    await reached(first, taken + measured)
    const value = (performance.now() - startedMs) / measured
    await first.stop()
    const stoppedMs = performance.now()
    const again = await start()
    const from = again.status().checkpoint ?? 0
    await reached(again, Math.max(from, taken + measured) + 1)
    const restartMs = performance.now() - stoppedMs
    await again.stop()
    return { value, notes: { 'start again': restartMs } }
  })

function trickle() {
  const made = flow('trickle')
  const sale = saleMaker(someKeys(10))
  made
    .source(
      'sales',
      fromGenerator({
        async *open(position: number | null) {
          for (let n = position ?? 0; ; n += 1) {
            yield { value: sale(n), position: n + 1 }
            await sleep(1)
          }
        },
      }),
    )
    .keyBy('by-key', ({ key }) => key)
    .aggregate('count', { init: () => 0, add: (n: number) => n + 1 }, { emitOn: 'end' })
    .sink(
      'none',
      toFunction(() => undefined),
    )
  return made
}

async function reached(job: JobHandle, checkpoint: number): Promise<void> {
  while ((job.status().checkpoint ?? 0) < checkpoint) await Promise.race([sleep(1), job.finished])
}
