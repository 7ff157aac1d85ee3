import { describe, expect, it } from 'vitest'
import { planKills, type PlannedKill } from './kill-plan.ts'

const plan = (seed: number, kills = 7): readonly PlannedKill[] =>
  planKills({ seed, kills, records: 1_000, everyMs: 100 })

describe('planKills', () => {
  it('the same seed gives the same plan, another seed another', () => {
    expect(plan(1)).toEqual(plan(1))
    expect(plan(1)).not.toEqual(plan(2))
  })

  it('kills of a running job come in order and before its end', () => {
    for (let seed = 0; seed < 200; seed += 1) {
      const running = plan(seed).filter(({ when }) => when === 'running')
      expect(running).toHaveLength(5)
      expect(running.map(({ records }) => records)).toEqual(
        running.map(({ records }) => records).sort((a, b) => a - b),
      )
      expect(running.every(({ records }) => records <= 900)).toBe(true)
    }
  })

  it('of more than five kills, one hits a restart and the last one the end', () => {
    for (let seed = 0; seed < 50; seed += 1) {
      const kinds = plan(seed).map(({ when }) => when)
      expect(kinds.filter((when) => when === 'restarting')).toHaveLength(1)
      expect(kinds[0]).toBe('running')
      expect(kinds.indexOf('ending')).toBe(6)
      expect(plan(seed, 5).every(({ when }) => when === 'running')).toBe(true)
    }
  })
})
