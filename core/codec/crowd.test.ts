import { Packr } from 'msgpackr'
import { describe, expect, it } from 'vitest'
import { crowdMax } from './crowd.ts'
import { checkValue, decodeValue, encodeValue } from './index.ts'

const crowd = (count: number): bigint[] =>
  Array.from({ length: count }, (_, i) => (BigInt(i + 1) << 64n) + 7n)
const asKeys = (members: readonly bigint[]): Map<bigint, number> => new Map(members.map((key) => [key, 1]))

describe('R1: bigints that agree in their lowest 64 bits', () => {
  it('up to the limit they arrive, in Sets and as keys of Maps', () => {
    for (const value of [new Set(crowd(crowdMax)), asKeys(crowd(crowdMax))]) {
      expect(decodeValue(encodeValue(value))).toEqual(value)
    }
  })

  it('above it they are refused when they are written, with the place', () => {
    for (const value of [new Set(crowd(crowdMax + 1)), asKeys(crowd(crowdMax + 1))]) {
      const refusal = expect.objectContaining({
        code: 'VALUE_UNSUPPORTED',
        details: { path: '$.many', found: expect.stringContaining('lowest 64 bits') },
      })
      expect(() => encodeValue({ many: value })).toThrow(refusal)
      expect(() => checkValue({ many: value })).toThrow(refusal)
    }
  })

  it('and when they are read', () => {
    const packr = new Packr({ moreTypes: true })
    for (const value of [new Set(crowd(crowdMax + 1)), asKeys(crowd(crowdMax + 1))]) {
      expect(() => decodeValue(packr.pack(value))).toThrow(
        expect.objectContaining({ code: 'BYTES_MALFORMED' }),
      )
    }
  })

  it('others may be as many as they like', () => {
    const spread = new Set([
      ...crowd(crowdMax),
      ...Array.from({ length: 20_000 }, (_, i) => 2n ** 70n + BigInt(i)),
    ])
    expect(decodeValue(encodeValue(spread))).toEqual(spread)
    const narrow = new Set(Array.from({ length: 20_000 }, (_, i) => -BigInt(i)))
    expect(decodeValue(encodeValue(narrow))).toEqual(narrow)
  })
})
