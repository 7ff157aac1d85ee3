import { describe, expect, it } from 'vitest'
import { moments, planRound, roles } from './plan.ts'

const plans = Array.from({ length: 300 }, (_, seed) => planRound(seed, 20))

describe('planRound', () => {
  it('the same seed gives the same plan, another seed another', () => {
    expect(planRound(7, 20)).toEqual(planRound(7, 20))
    expect(planRound(7, 20)).not.toEqual(planRound(8, 20))
  })

  it('every role is killed at every moment, and both kinds of server serve', () => {
    const kills = plans.flatMap((plan) => plan.kills)
    for (const role of roles) {
      for (const moment of moments) {
        expect(kills.some((kill) => kill.role === role && kill.moment === moment)).toBe(true)
      }
    }
    expect(new Set(plans.map(({ server }) => server)).size).toBe(2)
  })

  it('the first kill follows none, the last two meet the end, and chains stay short', () => {
    for (const { kills } of plans) {
      expect(['any', 'checkpoint']).toContain(kills[0]!.moment)
      expect(kills.slice(-2).map(({ moment }) => moment)).toEqual(['ending', 'ending'])
      const chains = kills
        .map(({ moment }) => (moment === 'together' || moment === 'restarting' ? 'c' : '.'))
        .join('')
      expect(chains).not.toContain('cccc')
    }
  })

  it('what is together is within 100 ms', () => {
    const together = plans.flatMap(({ kills }) => kills.filter(({ moment }) => moment === 'together'))
    expect(Math.max(...together.map(({ delayMs }) => delayMs))).toBeLessThanOrEqual(100)
  })
})
