import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MillraceError } from '../../core/errors.ts'
import {
  checkpointCompleted,
  decideRestart,
  defaultRestartPolicy,
  givenUp,
  noRestarts,
  type Failure,
  type RestartPolicy,
  type RestartState,
} from './restart-policy.ts'

const failure = (facts: Partial<Failure> = {}): Failure => ({
  retry: 'retry',
  nowMs: 0,
  chance: 0.5,
  ...facts,
})

/** Fails again and again, a millisecond apart; the delays, or why it gave up. */
function failAgain(policy: RestartPolicy, times: number, chance = 0.5): (number | string)[] {
  let state: RestartState = noRestarts
  const outcomes: (number | string)[] = []
  for (let i = 0; i < times; i += 1) {
    const decision = decideRestart(policy, state, failure({ nowMs: i, chance }))
    outcomes.push(decision.kind === 'restart' ? decision.delayMs : decision.reason)
    if (decision.kind === 'restart') state = decision.state
  }
  return outcomes
}

describe('the restart policy', () => {
  it('restarts at once first, then exponentially, up to its limit', () => {
    expect(failAgain({ ...defaultRestartPolicy, restartsMax: 6, delayMsMax: 1_000 }, 7)).toEqual([
      0,
      100,
      200,
      400,
      800,
      1000,
      'limit',
    ])
    expect(failAgain({ ...defaultRestartPolicy, restartsMax: 0 }, 1)).toEqual(['limit'])
  })

  it('jitter is a quarter up or down and never exceeds the longest delay', () => {
    expect(failAgain(defaultRestartPolicy, 3, 0)).toEqual([0, 75, 150])
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (chance) => {
        for (const delay of failAgain(defaultRestartPolicy, 10, chance)) {
          expect(delay).toBeLessThanOrEqual(defaultRestartPolicy.delayMsMax)
        }
      }),
    )
  })

  it.each([
    ['a fatal error', noRestarts, failure({ retry: 'fatal' }), 'fatal'],
    ['a record error', noRestarts, failure({ retry: 'record' }), 'record'],
    [
      'an equal record at the same step',
      { countedMs: [], lastPoison: 'p' },
      failure({ poison: 'p' }),
      'record',
    ],
    [
      'what hung before the restart, too',
      { countedMs: [0], lastPoison: undefined, lastHung: true },
      failure({ hung: true }),
      'hung',
    ],
  ] as const)('gives up on %s', (_, state, facts, reason) => {
    expect(decideRestart(defaultRestartPolicy, state, facts)).toEqual({ kind: 'give-up', reason })
  })

  it('remembers the record that failed last, and only that', () => {
    const first = decideRestart(defaultRestartPolicy, noRestarts, failure({ poison: 'p' }))
    const second = decideRestart(
      defaultRestartPolicy,
      first.kind === 'restart' ? first.state : noRestarts,
      failure({ poison: 'q' }),
    )
    expect([first, second]).toMatchObject([{ state: { lastPoison: 'p' } }, { state: { lastPoison: 'q' } }])
  })

  it('counts only restarts within the window', () => {
    const state: RestartState = { countedMs: [0, 100, 59_000], lastPoison: undefined }
    const policy = { ...defaultRestartPolicy, restartsMax: 3 }
    expect(decideRestart(policy, state, failure({ nowMs: 59_999 }))).toMatchObject({ reason: 'limit' })
    expect(decideRestart(policy, state, failure({ nowMs: 60_000 }))).toMatchObject({
      kind: 'restart',
      state: { countedMs: [100, 59_000, 60_000] },
    })
  })

  it('a completed checkpoint clears the count, but not the memory of the record', () => {
    const state: RestartState = { countedMs: [1, 2, 3], lastPoison: 'p' }
    const cleared = checkpointCompleted(state, { opened: true })
    expect(cleared).toEqual({ countedMs: [], lastPoison: 'p' })
    expect(decideRestart(defaultRestartPolicy, cleared, failure())).toMatchObject({ delayMs: 0 })
  })

  it('what hung is remembered until a checkpoint says that everything has opened, or something else failed', () => {
    const hung = decideRestart(defaultRestartPolicy, noRestarts, failure({ hung: true }))
    const state = hung.kind === 'restart' ? hung.state : noRestarts
    const early = checkpointCompleted(state, { opened: false })
    expect(early).toEqual({ countedMs: [], lastPoison: undefined, lastHung: true })
    const again = failure({ hung: true })
    expect(decideRestart(defaultRestartPolicy, early, again)).toEqual({ kind: 'give-up', reason: 'hung' })
    const late = checkpointCompleted(early, { opened: true })
    expect(decideRestart(defaultRestartPolicy, late, again)).toMatchObject({ kind: 'restart' })
    const other = decideRestart(defaultRestartPolicy, state, failure())
    expect(other).toMatchObject({ kind: 'restart' })
    expect(other.kind === 'restart' && other.state.lastHung).toBeUndefined()
  })

  it('what a job fails with says why it was given up', () => {
    const error = new MillraceError('OPERATOR_THREW', 'boom', { retry: 'retry', details: { step: 's' } })
    expect(givenUp('fatal', error, defaultRestartPolicy)).toBe(error)
    expect(givenUp('record', error, defaultRestartPolicy)).toMatchObject({
      code: 'OPERATOR_THREW',
      retry: 'record',
      cause: error,
      message: expect.stringContaining('the same record'),
    })
    const stuck = new MillraceError('WORKER_STUCK', 'w0', { retry: 'retry', details: { task: 'a[0]' } })
    expect(givenUp('record', stuck, defaultRestartPolicy)).toMatchObject({
      retry: 'record',
      message: 'w0; given up: it was so before the restart, too',
    })
    expect(givenUp('hung', error, defaultRestartPolicy)).toMatchObject({
      retry: 'retry',
      message: expect.stringContaining('before the restart'),
    })
    expect(givenUp('limit', error, defaultRestartPolicy).message).toContain('10 restarts in a row')
  })
})
