import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toJson } from './json.ts'

class Point {
  readonly x = 1
  readonly y = 2
}

describe('toJson', () => {
  it('says every JSON value as JSON.stringify does', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(toJson(value)).toBe(JSON.stringify(value))
      }),
    )
  })

  it.each([
    [{ a: undefined, b: 1 }, '{"b":1}'],
    [{ at: new Date(0) }, '{"at":"1970-01-01T00:00:00.000Z"}'],
    [new Point(), '{"x":1,"y":2}'],
    [{ inner: { toJSON: () => 'mine' } }, '{"inner":"mine"}'],
    [Object.assign(Object.create(null) as object, { a: 1 }), '{"a":1}'],
    ['\ud800', '"\\ud800"'],
  ])('says %o', (value, text) => {
    expect(toJson(value)).toBe(text)
  })

  it.each([
    [undefined, 'undefined', 'the record'],
    [{ a: { b: [1, NaN] } }, 'NaN', 'the record.a.b.1'],
    [{ a: -Infinity }, '-Infinity', 'the record.a'],
    [{ a: 10n }, 'the bigint 10n', 'the record.a'],
    [{ a: () => 1 }, 'a function', 'the record.a'],
    [{ a: Symbol('s') }, 'a symbol', 'the record.a'],
    [[undefined], 'undefined', 'the record.0'],
    [[1, , 2], 'an empty slot', 'the record'], // eslint-disable-line no-sparse-arrays
    [{ a: new Map() }, 'a Map', 'the record.a'],
    [{ a: new Set() }, 'a Set', 'the record.a'],
    [{ a: new Uint8Array(2) }, 'a Uint8Array', 'the record.a'],
    [{ a: /x/ }, 'a RegExp', 'the record.a'],
    [{ a: new Error('x') }, 'a Error', 'the record.a'],
    [{ a: new Date(NaN) }, 'an invalid Date', 'the record.a'],
  ])('refuses %o', (value, found, path) => {
    expect(() => toJson(value)).toThrow(
      expect.objectContaining({ code: 'JSON_UNSUPPORTED', retry: 'record', details: { path, found } }),
    )
  })

  it('refuses circles and what is nested too deep', () => {
    const circle: Record<string, unknown> = {}
    circle['self'] = circle
    expect(() => toJson(circle)).toThrow(/nested more than 100 deep/)
  })
})
