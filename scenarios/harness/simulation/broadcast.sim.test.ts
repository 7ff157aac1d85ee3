import { describe, expect, it } from 'vitest'
import { simulate } from './simulate.ts'
import { ruling, telling } from './testing/broadcast-flows.ts'

/** `SEEDS=2000 npx vitest run scenarios/harness/simulation/broadcast` for more. */
const seeds = Number(process.env.SEEDS ?? 40)
const from = Number(process.env.FROM ?? 1)

const checkpoints = (alignmentTimeoutMs: number | null) => ({
  everyMs: 10,
  failuresMax: 1000,
  timeoutMs: 2_000,
  alignmentTimeoutMs,
})

describe('simulated broadcast state', { timeout: 3_600_000 }, () => {
  it.each([
    ['ruling, aligned', ruling, 2, null],
    ['ruling, unaligned at once', ruling, 2, 0],
    ['ruling, unaligned after a while, three tasks', ruling, 3, 2],
    ['ruling, in one task', ruling, 1, 0],
    ['telling, aligned', telling, 2, null],
    ['telling, unaligned at once', telling, 3, 0],
  ] as const)(
    'BS1, BS2: every task has all of it, in one order: %s',
    async (_, flow, parallelism, timeoutMs) => {
      const run = { workers: 2, parallelism, checkpoints: checkpoints(timeoutMs) }
      const report = await simulate(flow, { seeds, from, run })
      const found = report.violations.map(({ seed, what, trace, timeline }) =>
        [`seed ${seed}: ${what}`, trace, ...timeline.slice(-40)].join('\n'),
      )
      expect(found).toEqual([])
      expect(report.counts['checkpoint.completed']).toBeGreaterThan(seeds)
      if (timeoutMs !== null && parallelism > 1) {
        expect(report.counts['checkpoint with channel state']).toBeGreaterThan(seeds)
      }
    },
  )
})
