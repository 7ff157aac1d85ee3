// A user's flow over worker processes and an embedded NATS server, whose processes are killed with -9.
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../core/simulated/random.ts'
import { below } from '../core/ports/random.ts'
import { Ledger } from './harness/ledger.ts'
import type { StartedProcess } from './harness/started-process.ts'

const killsAWorker = 4

/** Kills a worker of the running job, a moment after a checkpoint, and waits until it runs again. */
async function killWorkers(job: StartedProcess, seed: number): Promise<void> {
  const random = seededRandom(seed)
  await job.until('it runs', () => job.of('job.restored').length > 0)
  for (let kill = 0; kill < killsAWorker; kill += 1) {
    await job.next('checkpoint.completed')
    await new Promise((resolve) => setTimeout(resolve, below(random, 200)))
    const { workers } = job
    const restored = job.next('job.restored')
    process.kill(workers[below(random, workers.length)]!.pid, 'SIGKILL')
    await restored
  }
}

describe('millrace run FILE --workers 2 --nats embedded', () => {
  it('workers killed at random, then all of it: continued by the same command, exact', async () => {
    const seed = Date.now() % 1_000_000
    console.log(`seed ${seed}`)
    const ledger = new Ledger()
    const first = ledger.run()
    await killWorkers(first, seed)
    expect(first.of('worker.lost')).toHaveLength(killsAWorker)
    const { id } = await first.next('checkpoint.completed')
    first.signalGroup('SIGKILL')
    await first.untilGone()
    await ledger.expectNothingTwice()

    const second = ledger.run()
    await killWorkers(second, seed + 1)
    const [restored] = second.of('job.restored')
    expect(restored!.checkpoint).toBeGreaterThanOrEqual(id)
    ledger.openGate()
    expect(await second.ended()).toEqual({ code: 0, signal: null })
    expect(second.of('job.finished')).toMatchObject([{ records: 20_000, restarts: killsAWorker }])
    expect(second.survivors()).toEqual([])
    await ledger.expectExact()
    ledger.expectNothingStaged()

    const third = ledger.run()
    expect(await third.ended()).toEqual({ code: 0, signal: null })
    expect(third.of('job.restored')).toEqual([])
    await ledger.expectExact()
  })

  it('both workers killed within a moment: one restart', async () => {
    const ledger = new Ledger()
    const job = ledger.run()
    await job.next('checkpoint.completed', 2)
    const restored = job.next('job.restored')
    for (const { pid } of job.workers) process.kill(pid, 'SIGKILL')
    await restored
    ledger.openGate()
    expect((await job.ended()).code).toBe(0)
    expect(job.of('job.finished')).toMatchObject([{ restarts: 1 }])
    await ledger.expectExact()
  })

  it('its parent alone killed: workers and server end with it, the same command continues', async () => {
    const ledger = new Ledger()
    const first = ledger.run()
    const { id } = await first.next('checkpoint.completed', 2)
    first.signal('SIGKILL')
    await first.untilGone()
    const second = ledger.run()
    await second.next('job.restored')
    expect(second.of('job.restored')[0]!.checkpoint).toBeGreaterThanOrEqual(id)
    ledger.openGate()
    expect((await second.ended()).code).toBe(0)
    await ledger.expectExact()
  })

  it('a worker that is stopped is noticed by its silence, killed and replaced', async () => {
    const ledger = new Ledger()
    const job = ledger.run()
    await job.next('checkpoint.completed', 2)
    const stopped = job.workers[0]!
    process.kill(stopped.pid, 'SIGSTOP')
    const lost = await job.next('worker.lost')
    expect(lost).toMatchObject({ pid: stopped.pid, reason: 'signal SIGKILL' })
    await job.next('job.restored')
    ledger.openGate()
    expect((await job.ended()).code).toBe(0)
    expect(job.of('job.finished')).toMatchObject([{ restarts: 1 }])
    await ledger.expectExact()
  })
})
