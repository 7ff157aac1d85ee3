import { describe, expect, it } from 'vitest'
import { brokenRules } from './broken-rules.ts'
import type { Fault } from './faults.ts'

const ample = { failuresMax: 1_000, timeoutMs: 2_000 }
const kill: Fault = { kind: 'killWorker', atMs: 1, pick: 0 }
const dark: Fault = { kind: 'failpoint', name: 'task.captured', hit: 1, action: 'losePower' }

describe('errors that nothing explains', () => {
  it.each<[string, readonly Fault[], boolean]>([
    ['sudden deaths', [kill, dark], true],
    ['nothing at all', [], true],
    ['something stops', [kill, { ...dark, action: 'stopWorker' }], false],
    ['something is slow', [{ kind: 'slowCode', call: 1, forMs: 5 }], false],
    ['something is cut off', [{ kind: 'partition', atMs: 1, forMs: 5, pick: 0 }], false],
  ])('a checkpoint that times out: %s', (_, faults, broken) => {
    expect(brokenRules(faults, ample).has('CHECKPOINT_TIMEOUT')).toBe(broken)
  })

  it('not where the flow is run with a short time-out, or gives up after few failures', () => {
    expect(brokenRules([kill], { ...ample, timeoutMs: 8 }).has('CHECKPOINT_TIMEOUT')).toBe(false)
    expect(brokenRules([kill], ample).has('CHECKPOINT_FAILURES')).toBe(true)
    expect(brokenRules([kill], { failuresMax: 3 }).has('CHECKPOINT_FAILURES')).toBe(false)
  })
})
