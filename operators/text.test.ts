import { describe, expect, it } from 'vitest'
import { toText } from './text.ts'

describe('a value as text', () => {
  it.each([
    ['a row', 'a row'],
    [{ a: 1n }, '{"a":"1n"}'],
    [undefined, 'undefined'],
    [7n, '"7n"'],
  ])('%o is %s', (value, text) => {
    expect(toText(value)).toBe(text)
  })

  it('never throws and is never long', () => {
    const circular: { self?: unknown } = {}
    circular.self = circular
    expect(toText(circular)).toBe('[object Object]')
    expect(toText('x'.repeat(5000), 10)).toBe('xxxxxxxxxx… (5000 characters)')
  })
})
