import { afterEach, describe, expect, it, vi } from 'vitest'
import { LinkCutChecker } from '../checkers/link-cut.ts'
import { simulate } from './simulate.ts'
import { small } from './testing/flows.ts'
import { Trials } from './trial.ts'

describe('simulate', () => {
  afterEach(() => vi.restoreAllMocks())

  it('a finding of a checker is a violation by its name, shrunken, and shown again by its trace', async () => {
    const found = vi.spyOn(LinkCutChecker.prototype, 'check').mockReturnValue(['a', 'b'])
    const blame = vi.spyOn(Trials.prototype, 'blame')
    const [violation] = (await simulate(small, { seeds: 1 })).violations
    // All rows are as expected.
    expect(blame).not.toHaveBeenCalled()
    expect(violation?.what).toBe('cut: a')
    expect(violation?.report).toMatch(/seed 1: cut: a\n {2}found by a checker, too: cut: b/)
    const trace = violation?.trace ?? ''
    expect(JSON.parse(trace)).toMatchObject({
      seed: 1,
      faults: [],
      size: 1 / 64,
      parallelism: 1,
      workers: 1,
    })
    expect((await simulate(small, { replay: trace })).violations[0]?.report).toBe(violation?.report)
    found.mockRestore()
    expect((await simulate(small, { replay: trace })).violations).toEqual([])
  })
})
