import { describe, expect, it } from 'vitest'
import { LastingSlots } from './lasting-slots.ts'

/** What is kept of each, one after the other. */
const kept = (...values: readonly unknown[]): readonly unknown[] => {
  const lasting = new LastingSlots(undefined)
  return values.map((value) => lasting.of([value])?.[0])
}

const many = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

describe('lasting slots', () => {
  it('an object is copied once its names were seen right before', () => {
    expect(kept({ a: 1 }, { a: 2 }, { a: 3, b: 4 }, { a: 5, b: 6 }, { a: 7 }, { b: 8 })).toEqual([
      ...[undefined, { a: 2 }, undefined, { a: 5, b: 6 }, undefined, undefined],
    ])
  })

  it('what is large is left to be encoded at once: many entries wait together', () => {
    const wide = (count: number) => Object.fromEntries(many(count).map((i) => [`n${i}`, i]))
    expect(kept('x'.repeat(4_000), 'x'.repeat(5_000))).toEqual(['x'.repeat(4_000), undefined])
    expect(kept(many(32), many(33))).toEqual([many(32), undefined])
    expect(kept(new Map([[1, 1]]), new Map(many(33).map((i) => [i, i])))).toEqual([
      new Map([[1, 1]]),
      undefined,
    ])
    expect(kept(wide(32), wide(32), wide(33), wide(33))).toEqual([undefined, wide(32), undefined, undefined])
    expect(kept(['x'.repeat(3_000), 'x'.repeat(3_000)])).toEqual([undefined])
    const slots = new LastingSlots(undefined)
    expect(slots.of(['x'.repeat(3_000), 'x'.repeat(3_000)])).toBeUndefined()
  })

  it('what was made for the snapshot stays as it is', () => {
    const timers = new Map([['gap', ['event', 1]]])
    expect(new LastingSlots(1).of([2, timers])).toEqual([2, timers])
    expect(new LastingSlots(0).of([2, timers])).toBeUndefined()
  })
})
