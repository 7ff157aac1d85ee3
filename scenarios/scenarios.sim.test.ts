/** Every scenario that can be simulated keeps its promise; `millrace scenario --transport simulated` does more. */
import { describe, expect, it } from 'vitest'
import { scenarios } from './all.ts'
import { playFor } from './harness/scenario/play-for.ts'

describe('scenarios, simulated', () => {
  const simulated = scenarios.filter(({ transports }) => transports.includes('simulated'))
  it.each(simulated.map((each) => [each.name, each] as const))('%s', async (_, each) => {
    const { verdict, told } = await playFor(each, { transport: 'simulated', seed: 1, schedules: 1 })
    expect({ verdict: verdict.verdict, told }).toEqual({ verdict: 'pass', told: [] })
  })

  it('have names of their own', () => {
    const names = scenarios.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })
})
