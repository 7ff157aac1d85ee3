import { expect, it } from 'vitest'
import { flightsFile } from './dataset.ts'
import { recountFlights } from './oracle.ts'

it('the recount covers every flight once', async () => {
  const { records, daily, late } = await recountFlights(flightsFile())
  expect(records).toBe(3_000_000)
  const sum = (column: string): number => daily.reduce((total, row) => total + Number(row[column]), 0)
  expect(sum('flights')).toBe(3_000_000)
  expect(daily.length).toBe(39_952)
  expect(late.length).toBe(43_591)
  const keys = new Set(daily.map((row) => `${String(row['origin'])} ${String(row['day'])}`))
  expect(keys.size).toBe(daily.length)
  expect(daily[0]).toEqual({
    origin: expect.any(String),
    day: expect.stringMatching(/^2001-\d\d-\d\d$/),
    flights: expect.any(Number),
    delayed: expect.any(Number),
    delaySum: expect.any(Number),
    delayMax: expect.any(Number),
    delayMean: expect.any(Number),
  })
  expect(late[0]).toMatchObject({
    atMs: expect.any(Number),
    delay: expect.any(Number),
    distance: expect.any(Number),
  })
})
