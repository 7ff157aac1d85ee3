import { describe, expect, it } from 'vitest'
import { freezeDeep } from './index.ts'

describe('freezeDeep', () => {
  it('freezes all that JavaScript can freeze, and returns the same value', () => {
    const value = {
      list: [{ a: 1 }],
      map: new Map([['k', { b: 2 }]]),
      set: new Set([1]),
      bytes: new Uint8Array(2),
      at: new Date(0),
      nothing: null,
    }
    expect(freezeDeep(value)).toBe(value)
    expect(() => (value.list[0] as { a: number }).a++).toThrowError(TypeError)
    expect(() => value.list.push({ a: 2 })).toThrowError(TypeError)
    expect(() => ((value.map.get('k') as { b: number }).b = 3)).toThrowError(TypeError)
    value.bytes[0] = 1
  })

  it('ends on cycles, and below what was frozen already', () => {
    const inner = { a: 1 }
    const outer: Record<string, unknown> = { inner }
    outer.self = outer
    Object.freeze(outer)
    freezeDeep(outer)
    expect(Object.isFrozen(inner)).toBe(true)
  })
})
