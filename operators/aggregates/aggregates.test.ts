import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Aggregate } from './aggregate.ts'
import { count, distinct, max, mean, min, sum, toList, together, topN } from './index.ts'
import { resultOf } from './result.ts'

interface Bid {
  readonly id: number
  readonly price: number
}

const bids = fc
  .array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 30 })
  .map((prices) => prices.map((price, id): Bid => ({ id, price })))

const priceOf = (bid: Bid): number => bid.price
const ascending = (prices: readonly number[]): number[] => [...prices].sort((a, b) => a - b)
const total = (of: readonly Bid[]): number => of.map(priceOf).reduce((a, b) => a + b, 0)

/** Each aggregate beside the plain computation over the whole list. */
const cases: readonly [string, Aggregate<Bid, unknown, unknown>, (all: readonly Bid[]) => unknown][] = [
  ['count', count(), (all) => all.length],
  ['sum', sum(priceOf), total],
  ['min', min(priceOf), (all) => ascending(all.map(priceOf))[0]],
  ['max', max(priceOf), (all) => ascending(all.map(priceOf)).at(-1)],
  ['mean', mean(priceOf), (all) => total(all) / all.length],
  ['distinct', distinct(priceOf), (all) => new Set(all.map(priceOf)).size],
  ['toList', toList(), (all) => all],
  ['topN', topN(3, priceOf), (all) => [...all].sort((a, b) => b.price - a.price || a.id - b.id).slice(0, 3)],
  ['together', together({ n: count(), sum: sum(priceOf) }), (all) => ({ n: all.length, sum: total(all) })],
]

const fold = (aggregate: Aggregate<Bid, unknown, unknown>, records: readonly Bid[]): unknown =>
  records.reduce((accumulator, record) => aggregate.add(accumulator, record), aggregate.init())

describe.each(cases)('%s', (_, aggregate, naive) => {
  it('is what the whole list says', () => {
    fc.assert(
      fc.property(bids, (all) => {
        expect(resultOf(aggregate, fold(aggregate, all), 'k')).toEqual(naive(all))
      }),
    )
  })

  it('merging parts gives the same, wherever the list is cut, and leaves the second part alone', () => {
    fc.assert(
      fc.property(bids, fc.array(fc.nat(30), { maxLength: 3 }), (all, cuts) => {
        const edges = ascending([0, ...cuts.map((cut) => Math.min(cut, all.length)), all.length])
        let merged = aggregate.init()
        for (let i = 1; i < edges.length; i += 1) {
          const part = fold(aggregate, all.slice(edges[i - 1], edges[i]))
          const before = structuredClone(part)
          merged = aggregate.merge?.(merged, part)
          expect(part).toEqual(before)
        }
        expect(resultOf(aggregate, merged, 'k')).toEqual(naive(all))
      }),
    )
  })

  it('a result does not change with what is added later, nor does making it change the accumulator', () => {
    fc.assert(
      fc.property(bids, bids, (first, later) => {
        const accumulator = fold(aggregate, first)
        const kept = structuredClone(accumulator)
        const result = resultOf(aggregate, accumulator, 'k')
        expect(accumulator).toEqual(kept)
        later.reduce((acc, record) => aggregate.add(acc, record), accumulator)
        expect(result).toEqual(naive(first))
      }),
    )
  })
})

describe('ranks', () => {
  it('tuples decide element by element; strings and bigints have their order', () => {
    const rows = [['b', 2n], ['a', 3n], ['b', 1n], ['b']] as const
    const best = topN(3, (row: (typeof rows)[number]) => row)
    const accumulator = rows.reduce((acc, row) => best.add(acc, row), best.init())
    expect(resultOf(best as Aggregate<never, unknown, unknown>, accumulator, 'k')).toEqual([
      ['b', 2n],
      ['b', 1n],
      ['b'],
    ])
  })

  it.each([
    ['min', min((row: number | string) => row)],
    ['max', max((row: number | string) => row)],
    ['topN', topN(2, (row: number | string) => row)],
  ] as const)(
    '%s refuses what has no order: NaN, also as the first, and ranks of different types',
    (_, made) => {
      const aggregate = made as Aggregate<number | string, unknown, unknown>
      expect(() => aggregate.add(aggregate.init(), NaN)).toThrowError(/have an order/)
      expect(() => aggregate.add(aggregate.add(aggregate.init(), 1), NaN)).toThrowError(/have an order/)
      expect(() => aggregate.add(aggregate.add(aggregate.init(), 1), '1')).toThrowError(/of one type/)
    },
  )
})

describe('what cannot work is refused', () => {
  it('an n that is no whole number above 0', () => {
    for (const n of [0, 1.5, NaN]) {
      expect(() => topN(n, priceOf)).toThrowError(expect.objectContaining({ code: 'OPTION_ILLEGAL' }))
    }
  })

  it('parts of together without merge, or of an illegal name', () => {
    const { init, add } = count()
    for (const parts of [{ a: { init, add } }, JSON.parse('{ "__proto__": {} }') as never]) {
      expect(() => together(parts)).toThrowError(expect.objectContaining({ code: 'AGGREGATE_ILLEGAL' }))
    }
  })

  it('objects as values to be told apart', () => {
    const aggregate = distinct((row: object) => row as never)
    expect(() => aggregate.add(new Set(), {})).toThrowError(/got an object/)
  })
})
