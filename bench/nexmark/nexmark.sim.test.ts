import { expect, it } from 'vitest'
import { queryNames } from './queries/names.ts'
import { simulateQuery } from './simulation.ts'

it.each(queryNames)('%s holds under simulated faults', async (query) => {
  const { violations, schedules, counts } = await simulateQuery({ query, seeds: 5, from: 1 })
  expect(violations.map(({ what, trace }) => `${what}\n${trace}`)).toEqual([])
  expect(schedules).toBe(5)
  expect(counts['job.restarting']).toBeGreaterThan(0)
})
