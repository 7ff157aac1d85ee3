import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mean, sum, type Aggregate } from '../aggregates/index.ts'
import { sliding } from './assigners.ts'
import type { WindowResult } from './definition.ts'
import type { ErasedAggregate } from './accumulation.ts'
import { WindowDriver, type Keyed } from './testing/driver.ts'

interface Amount extends Keyed {
  readonly amount: number
}
type Result = WindowResult<string, number>

const slideMs = 10

const amountOf = (amount: number): Amount => ({ key: 'a', amount })
const one = amountOf(1)
const total = sum<Amount>(({ amount }) => amount)

const driverOf = (aggregate: ErasedAggregate, slides: number): WindowDriver<Result> =>
  new WindowDriver<Result>(sliding({ sizeMs: slides * slideMs, slideMs }), aggregate)

/** Counts the calls of `merge`. */
function counted<Acc>(aggregate: Aggregate<Amount, Acc, number>) {
  const calls = { merge: 0 }
  const merge = (a: Acc, b: Acc): Acc => {
    calls.merge += 1
    return aggregate.merge?.(a, b) ?? a
  }
  return { calls, aggregate: { ...aggregate, merge } as unknown as ErasedAggregate }
}

/** One record a slide, in order; the watermark follows each. */
function playInOrder(driver: WindowDriver<Result>, slides: number): void {
  for (let slide = 0; slide < slides; slide += 1) {
    const atMs = slide * slideMs
    driver.record(one, atMs)
    driver.advance(atMs + slideMs - 1)
  }
}

describe('sums of slices', () => {
  it.each([8, 60, 500])('a firing costs at most 4 merges on average, with %i slides a window', (slides) => {
    const average = mean<Amount>(({ amount }) => amount)
    for (const { calls, aggregate } of [counted(total), counted(average)]) {
      const driver = driverOf(aggregate, slides)
      playInOrder(driver, 10 * slides)
      expect(driver.out).toHaveLength(10 * slides)
      expect(calls.merge / driver.out.length).toBeLessThanOrEqual(4)
      expect(calls.merge / driver.out.length).toBeGreaterThan(1)
    }
  })

  it('a slice is let go: of a key with a window of 60 slides the state has at most 70', () => {
    const driver = driverOf(total, 60)
    for (let turn = 0; turn < 300; turn += 1) {
      driver.record(one, turn * slideMs)
      driver.advance(turn * slideMs + slideMs - 1)
      expect(driver.tableSizeOf('a')).toBeLessThanOrEqual(70)
    }
    driver.advance(Infinity)
    expect(driver.keys).toBe(0)
  })

  it('fractions: sums are the same to the last digit, wherever the job was restored in between', () => {
    const event = fc.record({
      atMs: fc.integer({ min: 0, max: 60 }),
      amount: fc.double({ min: 0, max: 1, noNaN: true }),
      fires: fc.boolean(),
      restart: fc.boolean(),
    })
    const play = (events: readonly { at: number; amount: number; fires: boolean; restart: boolean }[]) => {
      const driver = driverOf(total, 8)
      let watermarkMs = -Infinity
      for (const { at, amount, fires, restart } of events) {
        driver.record(amountOf(amount), at)
        if (fires) driver.advance((watermarkMs = Math.max(watermarkMs, at - 20)))
        if (restart) driver.restart()
      }
      driver.advance(Infinity)
      return driver.out.map(({ row }) => row)
    }
    fc.assert(
      fc.property(fc.array(event, { minLength: 20, maxLength: 80 }), (drawn) => {
        const events = drawn.map(({ atMs, ...rest }, i) => ({ ...rest, at: i * 7 + atMs }))
        expect(play(events)).toEqual(play(events.map((each) => ({ ...each, restart: false }))))
      }),
      { numRuns: 200 },
    )
  })
})
