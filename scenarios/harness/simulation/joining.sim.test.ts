import { describe, expect, it } from 'vitest'
import { simulate } from './simulate.ts'
import { calling, joining, pairing } from './testing/joining-flows.ts'

/** `SEEDS=2000 npx vitest run scenarios/harness/simulation/joining` for more. */
const seeds = Number(process.env.SEEDS ?? 60)
const from = Number(process.env.FROM ?? 1)

describe('simulated flows of several inputs and calls', { timeout: 3_600_000 }, () => {
  it.each([
    ['pairing', pairing, 2],
    ['calling', calling, 2],
    ['joining', joining, 2],
    ['calling, in one task a step', calling, 1],
    ['joining, in one task a step', joining, 1],
  ] as const)('lose and double nothing: %s', async (_, makeFlow, parallelism) => {
    const report = await simulate(makeFlow, { seeds, from, run: { workers: 2, parallelism } })
    const found = report.violations.map(({ seed, what, trace, timeline }) =>
      [`seed ${seed}: ${what}`, trace, ...timeline.slice(-40)].join('\n'),
    )
    expect(found).toEqual([])
    expect(report.schedules).toBe(seeds)
    expect(report.counts['checkpoint.completed']).toBeGreaterThan(seeds)
  })

  it('calls give the same history for the same seed', async () => {
    const hashes = [await simulate(calling, { seeds: 5 }), await simulate(calling, { seeds: 5 })]
    expect(hashes[0]?.traceHash).toBe(hashes[1]?.traceHash)
  })
})
