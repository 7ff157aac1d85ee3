import { describe, expect, it } from 'vitest'
import type { FailpointName, JobEvent } from '../../index.ts'
import { FailpointCrasher } from './failpoint-crasher.ts'
import { RecoveryTimes } from './recovery-times.ts'

const at = (atMs: number, event: JobEvent['event'], rest: object = {}): JobEvent =>
  ({ event, atMs, ...rest }) as JobEvent

describe('RecoveryTimes', () => {
  it('measures from the first sign of a failure to the restored job', () => {
    const times = new RecoveryTimes()
    for (const event of [
      at(0, 'job.restored'),
      at(100, 'worker.lost'),
      at(110, 'task.failed'),
      at(120, 'job.restarting'),
      at(300, 'job.restored'),
      at(500, 'task.failed'),
      at(510, 'job.restored'),
      at(900, 'worker.lost'),
      at(950, 'job.restored'),
    ]) {
      times.observe(event)
    }
    expect(times.quantile(0.5)).toBe(50)
    expect(times.quantile(1)).toBe(200)
  })

  it('is null without a recovery', () => {
    expect(new RecoveryTimes().quantile(1)).toBeNull()
  })
})

describe('FailpointCrasher', () => {
  it('crashes at failpoints that were passed, spread over the records, as often as planned', () => {
    const told: string[] = []
    const crasher = new FailpointCrasher({
      seed: 7,
      crashes: 3,
      records: 900,
      told: ({ failpoint }) => told.push(failpoint),
    })
    const names: readonly FailpointName[] = ['source.before-barrier', 'task.captured', 'task.uploaded']
    let crashes = 0
    for (let records = 0; records <= 900; records += 1) {
      if (crasher.crashes === crashes) crasher.observe(at(0, 'job.progress', { records }))
      try {
        for (const name of names) crasher.hit(name, { task: 'a[0]' })
      } catch (error) {
        expect(error).toMatchObject({ code: 'CRASH', retry: 'retry' })
      }
      if (crasher.crashes === crashes && records > 0) continue
      crashes = crasher.crashes
      crasher.observe(at(0, 'job.restored'))
    }
    expect(crasher.crashes).toBe(3)
    expect(told.sort()).toEqual([...names].sort())
  })
})
