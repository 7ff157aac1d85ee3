// E1-E3: two coordinators of one job, on one store and one output folder. One is stopped (SIGSTOP), the other takes
// over, the first goes on and finds itself superseded.
import { describe, expect, it } from 'vitest'
import { below } from '../core/ports/random.ts'
import { seededRandom } from '../core/simulated/random.ts'
import { Ledger } from './harness/ledger.ts'
import type { StartedProcess } from './harness/started-process.ts'

async function expectSuperseded(job: StartedProcess): Promise<void> {
  expect(await job.ended()).toEqual({ code: 1, signal: null })
  expect(job.events.at(-1)).toMatchObject({ event: 'job.failed', code: 'SUPERSEDED' })
  expect(job.stderr).toContain('SUPERSEDED')
  expect(job.survivors()).toEqual([])
}

describe('a coordinator that was stopped while another took over', () => {
  it.each([1, 2])('at a random moment, seed %i: SUPERSEDED, nothing doubled', async (seed) => {
    const random = seededRandom(seed)
    const ledger = new Ledger()
    const first = ledger.run({ every: 50 })
    await first.next('checkpoint.completed', 2 + below(random, 4))
    await new Promise((resolve) => setTimeout(resolve, below(random, 60)))
    first.signal('SIGSTOP')
    const second = ledger.run({ every: 50 })
    await second.next('checkpoint.completed', 2)
    first.signal('SIGCONT')
    await expectSuperseded(first)
    await second.next('checkpoint.completed')
    await ledger.expectNothingTwice()
    ledger.openGate()
    expect((await second.ended()).code).toBe(0)
    expect(second.of('job.finished')).toMatchObject([{ records: 20_000, restarts: 0 }])
    await ledger.expectExact()
  })

  it.each(['coordinator.all-acknowledged', 'coordinator.manifest-written'])(
    'at %s: SUPERSEDED, nothing doubled',
    async (failpoint) => {
      const ledger = new Ledger()
      const first = ledger.script('run-ledger.ts', { ENTRY: 'ledger.ts', STOP_AT: failpoint })
      await first.untilStopped()
      const second = ledger.run({ every: 100 })
      await second.next('checkpoint.completed', 2)
      first.signal('SIGCONT')
      await expectSuperseded(first)
      ledger.openGate()
      expect((await second.ended()).code).toBe(0)
      expect(second.of('job.finished')).toMatchObject([{ records: 20_000, restarts: 0 }])
      await ledger.expectExact()
    },
  )

  it('when the other has finished already: SUPERSEDED, the output stays', async () => {
    const ledger = new Ledger()
    const first = ledger.script('run-ledger.ts', {
      ENTRY: 'ledger.ts',
      STOP_AT: 'coordinator.before-finished',
      STOP_HIT: '1',
    })
    ledger.openGate()
    await first.untilStopped()
    const second = ledger.run()
    expect((await second.ended()).code).toBe(0)
    await ledger.expectExact()
    first.signal('SIGCONT')
    await expectSuperseded(first)
    await ledger.expectExact()
  })

  it('with a worker lost meanwhile: it does not restart on what the other is writing (E3, K4)', async () => {
    const ledger = new Ledger()
    const first = ledger.script('run-ledger.ts', {
      ENTRY: 'ledger.ts',
      STOP_AT: 'coordinator.all-acknowledged',
    })
    await first.untilStopped()
    const lost = first.workers[0]!
    process.kill(lost.pid, 'SIGKILL')
    // The other stands where all its output of a checkpoint is staged and nothing of it is committed.
    const second = ledger.script('run-ledger.ts', {
      ENTRY: 'ledger.ts',
      STOP_AT: 'coordinator.manifest-written',
    })
    await second.untilStopped()
    first.signal('SIGCONT')
    await expectSuperseded(first)
    second.signal('SIGCONT')
    await second.next('checkpoint.completed', 2)
    ledger.openGate()
    expect((await second.ended()).code).toBe(0)
    await ledger.expectExact()
  })
})
