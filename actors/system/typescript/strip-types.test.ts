import { describe, expect, it } from 'vitest'
import { stripTypes } from './strip-types.ts'

const file = { path: '/flows/a.ts', url: 'file:///flows/a.ts' }

describe('stripTypes', () => {
  it('keeps lines and columns', () => {
    const [first, second] = stripTypes('const a: number = 1\nexport default a as unknown', file).split('\n')
    expect(first).toBe('const a         = 1')
    expect(second?.trimEnd()).toBe('export default a')
  })

  it('refuses what cannot be erased, with the place and what to do', () => {
    const strip = (): string => stripTypes('// flow\nenum Color { Red }\n', file)
    expect(strip).toThrow(/\/flows\/a\.ts:2: TypeScript enum is not supported; .*run the compiled file/)
    expect(strip).toThrow(expect.objectContaining({ code: 'TYPESCRIPT_UNSUPPORTED' }) as Error)
  })

  it('tells a syntax error with its line', () => {
    expect(() => stripTypes('const a = 1\nconst b: = 2\n', file)).toThrow(
      /\/flows\/a\.ts:2: Unexpected token/,
    )
  })
})
