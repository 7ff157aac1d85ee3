import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StepDriver } from '../testing/driver.ts'
import { dedupeOperator } from './dedupe.ts'

interface Row {
  readonly id: number
  readonly key: string
}

const open = (withinMs: number, time: 'event' | 'clock' = 'event'): StepDriver =>
  new StepDriver(dedupeOperator({ keyOf: (row: Row) => row.key, withinMs, time, onError: 'fail' }))

const ids = (driver: StepDriver, output?: string): number[] =>
  (driver.rows(output) as Row[]).map(({ id }) => id)

describe('dedupe', () => {
  it('D1: a record passes only where none of its key passed within the time, earlier or later', () => {
    const driver = open(10)
    const times = [100, 109, 91, 110, 90, 95]
    times.forEach((atMs, id) => driver.first({ id, key: 'a' }, atMs))
    driver.first({ id: 9, key: 'b' }, 100)
    expect(ids(driver)).toEqual([0, 3, 4, 9])
  })

  it('D2: forgets what no record on time can be near to; D3: sets late ones aside', () => {
    const driver = open(10)
    driver.first({ id: 0, key: 'a' }, 100)
    driver.advance(108)
    expect(driver.keys).toBe(1)
    driver.first({ id: 1, key: 'a' }, 109)
    driver.advance(109)
    expect(driver.keys).toBe(0)
    driver.first({ id: 2, key: 'a' }, 109)
    driver.first({ id: 3, key: 'a' }, 110)
    expect([ids(driver), ids(driver, 'late')]).toEqual([[0, 3], [2]])
  })

  it('goes by the clock where it is told to, over restarts', () => {
    const driver = open(10, 'clock')
    driver.tick(5)
    driver.first({ id: 0, key: 'a' })
    driver.tick(14)
    driver.restart()
    driver.first({ id: 1, key: 'a' })
    driver.tick(15)
    expect(driver.keys).toBe(0)
    driver.first({ id: 2, key: 'a' })
    expect(ids(driver)).toEqual([0, 2])
  })

  it('agrees with remembering everything', () => {
    const action = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ key: fc.constantFrom('a', 'b'), ahead: fc.integer({ min: -2, max: 20 }) }),
      },
      { weight: 2, arbitrary: fc.record({ advance: fc.nat(12) }) },
      { weight: 1, arbitrary: fc.constant({ restart: true }) },
    )
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.array(action, { maxLength: 40 }),
        (withinMs, actions) => {
          const driver = open(withinMs)
          driver.advance(0)
          const passed: { key: string; atMs: number; id: number }[] = []
          actions.forEach((each, id) => {
            if ('advance' in each) driver.advance(driver.watermark + each.advance)
            else if ('restart' in each) driver.restart()
            else {
              const { key } = each
              const atMs = driver.watermark + each.ahead
              driver.first({ id, key }, atMs)
              const near = passed.some((other) => other.key === key && Math.abs(other.atMs - atMs) < withinMs)
              if (each.ahead > 0 && !near) passed.push({ key, atMs, id })
            }
          })
          expect(ids(driver)).toEqual(passed.map(({ id }) => id))
          driver.advance(Infinity)
          expect(driver.keys).toBe(0)
        },
      ),
      { numRuns: 400 },
    )
  })
})
