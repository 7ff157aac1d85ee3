import { expect, it } from 'vitest'
import { show } from './show.ts'

it('shows plain values as JSON', () => {
  expect([1, 'a"b', null, { a: [true] }].map(show)).toEqual(['1', '"a\\"b"', 'null', '{"a":[true]}'])
})

it('shows what JSON cannot say', () => {
  const cycle: { self?: unknown } = {}
  cycle.self = cycle
  const hostile = {
    toJSON() {
      throw new Error('no')
    },
  }
  const values = [5n, { id: 5n }, undefined, Symbol('s'), cycle, hostile]
  expect(values.map(show)).toEqual(['5n', '{"id":"5n"}', 'undefined', 'Symbol(s)', 'object', 'object'])
})

it('is short', () => {
  expect(show('x'.repeat(1_000_000)).length).toBeLessThan(250)
  expect(show({ x: 'y'.repeat(1_000_000) }).length).toBeLessThan(250)
})
