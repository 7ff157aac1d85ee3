import { describe, expect, it } from 'vitest'
import { engineRates } from './testing/all.ts'
import { expiring } from './testing/expiring-flow.ts'
import { aborting, branching, merging, sharing, small, spreading } from './testing/flows.ts'
import { converging, timing } from './testing/timed-flows.ts'
import { lateComers, windowed } from './testing/windowed-flows.ts'
import { simulate } from './simulate.ts'

/** `SEEDS=100000 FROM=1 npx vitest run scenarios/harness/simulation` for more. */
const seeds = Number(process.env.SEEDS ?? 100)
const from = Number(process.env.FROM ?? 1)

describe('simulate', { timeout: 3_600_000 }, () => {
  it.each([
    ['small', small, undefined],
    ['merging', merging, undefined],
    ['branching', branching, undefined],
    ['spreading', spreading, undefined],
    ['sharing', sharing, undefined],
    ['aborting', aborting, undefined],
    ['merging, in one task a step', merging, { workers: 2, parallelism: 1 }],
    ['windowed', windowed, undefined],
    ['windowed, in one task a step', windowed, { workers: 2, parallelism: 1 }],
    ['late comers', lateComers, undefined],
    ['timing', timing, undefined],
    ['converging', converging, undefined],
    ['expiring', expiring, undefined],
    ['expiring, in one task a step', expiring, { workers: 2, parallelism: 1 }],
  ] as const)('finds nothing wrong with the engine: %s', async (_, makeFlow, run) => {
    const report = await simulate(makeFlow, { seeds, from, faults: engineRates, ...(run && { run }) })
    const found = report.violations.map(({ seed, what, trace, timeline }) =>
      [`seed ${seed}: ${what}`, trace, ...timeline.slice(-40)].join('\n'),
    )
    expect(found).toEqual([])
    expect(report.schedules).toBe(seeds)
    expect(report.counts['checkpoint.completed']).toBeGreaterThanOrEqual(seeds * 0.9)
  })

  it('gives the same history for the same seed', async () => {
    const hashes = [await simulate(merging, { seeds: 5 }), await simulate(merging, { seeds: 5 })]
    expect(hashes[0]?.traceHash).toBe(hashes[1]?.traceHash)
    expect((await simulate(merging, { seeds: 5, from: 6 })).traceHash).not.toBe(hashes[0]?.traceHash)
  })
})
