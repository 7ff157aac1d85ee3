import { expect, it } from 'vitest'
import { Latencies } from './latencies.ts'

it('percentiles by nearest rank, at the upper end of ten microseconds; beyond a second the maximum', () => {
  const latencies = new Latencies()
  for (let i = 1; i <= 100; i += 1) latencies.add(i / 10)
  expect([0.5, 0.99, 1].map((share) => latencies.percentile(share))).toEqual([5.01, 9.91, 10.01])
  latencies.add(2_500)
  expect([latencies.percentile(1), latencies.max]).toEqual([2_500, 2_500])
})
