import { describe, expect, it } from 'vitest'
import { stepName, taskId } from '../../core/ids.ts'
import { JobCounts } from './job-counts.ts'

const [a, b] = [taskId(stepName('a'), 0), taskId(stepName('b'), 0)]

describe('what a job has counted', () => {
  it('is the sum of what its tasks told last', () => {
    const counts = new JobCounts()
    counts.tellRecords(a, 5)
    counts.tellRecords(b, 7)
    counts.tellRecords(a, 6)
    counts.tellLate(a, { w: 1, v: 2 })
    counts.tellLate(b, { w: 3 })
    expect([counts.records, counts.lateDropped]).toEqual([13, { w: 4, v: 2 }])
  })

  it('goes on over a restart: a task that begins anew and restored nothing late has no share in it', () => {
    const counts = new JobCounts()
    counts.tellRecords(a, 5)
    counts.tellLate(a, { w: 1 })
    counts.tellLate(b, { w: 3 })
    counts.begun(a)
    expect([counts.records, counts.lateDropped]).toEqual([5, { w: 3 }])
    counts.tellRecords(a, 2)
    counts.tellLate(a, { w: 9 })
    expect([counts.records, counts.lateDropped]).toEqual([2, { w: 12 }])
  })
})
