import fc from 'fast-check'
import { Packr } from 'msgpackr'
import { describe, expect, it } from 'vitest'
import { CodecError, decodeBatch, decodeValue, encodeBatch, encodeValue } from './index.ts'

const records = Array.from({ length: 20 }, (_, i) => ({
  id: i * 1000,
  name: `user-${i}`,
  tags: ['a', `ü${i}`],
  at: new Date(i * 1e9),
  map: new Map([[i, BigInt(i) ** 20n]]),
  bytes: new Uint16Array([i]),
}))

/** Decodes, or fails as decoding may. */
function attempt(bytes: Uint8Array): 'decoded' | 'rejected' {
  try {
    decodeValue(bytes)
    return 'decoded'
  } catch (error) {
    if (error instanceof CodecError && error.code === 'BYTES_MALFORMED' && error.retry === 'retry')
      return 'rejected'
    throw error
  }
}

describe('bytes that this codec did not write are rejected with a typed error', () => {
  it('any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void attempt(bytes)),
      { numRuns: 20_000 },
    )
  })

  it('bytes with plausible tokens', () => {
    const token = fc.oneof(
      fc.integer({ min: 0, max: 255 }),
      fc.constantFrom(
        0xd4,
        0x72,
        0x73,
        0x40,
        0x41,
        0x90,
        0x91,
        0xa1,
        0x61,
        0xc7,
        0xff,
        0x74,
        0x42,
        0x81,
        0xc1,
        0x62,
      ),
    )
    fc.assert(
      fc.property(fc.array(token, { maxLength: 60 }), (tokens) => void attempt(Uint8Array.from(tokens))),
      { numRuns: 20_000 },
    )
  })

  it('every truncation, and anything behind the value', () => {
    const bytes = encodeBatch(records)
    for (let length = 0; length < bytes.length; length += 1) {
      expect(attempt(bytes.subarray(0, length))).toBe('rejected')
    }
    expect(attempt(Uint8Array.from([...bytes, 0]))).toBe('rejected')
  })

  it('every flipped bit decodes to something or is rejected', () => {
    const bytes = Uint8Array.from(encodeBatch(records.slice(0, 3)))
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const byte = bit >> 3
      bytes[byte] = (bytes[byte] as number) ^ (1 << (bit & 7))
      attempt(bytes)
      bytes[byte] = bytes[byte] ^ (1 << (bit & 7))
    }
  })

  const forged: Record<string, number[]> = {
    'array32 of 4 G': [0xdd, 0xff, 0xff, 0xff, 0xff],
    'map32 of 4 G': [0xdf, 0xff, 0xff, 0xff, 0xff],
    'str32 of 4 G': [0xdb, 0xff, 0xff, 0xff, 0xff],
    'bin32 of 4 G': [0xc6, 0xff, 0xff, 0xff, 0xff],
    'ext32 of 4 G': [0xc9, 0xff, 0xff, 0xff, 0xff, 0x74],
    'a record of no shape': [0x40],
    'a shape of 4 G keys': [0xd4, 0x72, 0x40, 0xdd, 0xff, 0xff, 0xff, 0xff],
    'a shape whose keys are no strings': [0xd4, 0x72, 0x40, 0x91, 0x01, 0x01],
    'a key twice': [0xd4, 0x72, 0x40, 0x92, 0xa1, 0x61, 0xa1, 0x61, 0x01, 0x02],
    'a string that is not UTF-8': [0xa2, 0xc3, 0x28],
    'an encoded surrogate': [0xa3, 0xed, 0xa0, 0x80],
    'a float of 32 bits': [0xca, 0, 0, 0, 0],
    'bundled strings (0x62)': [0xd6, 0x62, 0, 0, 0, 9, 0xc1, 0x01],
    'a reference (0x70)': [0xd6, 0x70, 0, 0, 0, 1],
    'an error (0x65)': [0xd4, 0x65, 0, 0x92, 0xa1, 0x61, 0xa1, 0x62],
    'a regular expression (0x78)': [0xd4, 0x78, 0, 0x92, 0xa1, 0x61, 0xa0],
    'a typed array of half an element': [0xc7, 0x02, 0x74, 0x03, 0x01],
    'a typed array of an unknown type': [0xc7, 0x02, 0x74, 0x30, 0x01],
    'a date beyond dates': [0xc7, 12, 0xff, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    'an object as key of a Map': [0x81, 0x90, 0x01],
    'a key twice in a Map': [0x82, 0x01, 0x01, 0x01, 0x01],
    'an unknown kind of object': [0x81, 0xc1, 0x07],
    nothing: [],
  }
  for (const [name, bytes] of Object.entries(forged)) {
    it(name, () => expect(attempt(Uint8Array.from(bytes))).toBe('rejected'))
  }

  it('nesting bombs of every container', () => {
    for (const unit of [
      [0x91],
      [0x81, 0x01],
      [0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61],
      [0xd4, 0x73, 0x00, 0x91],
    ]) {
      const bomb = Buffer.alloc(1024 * 1024)
      for (let i = 0; i < bomb.length; i += 1) bomb[i] = unit[i % unit.length] as number
      expect(attempt(bomb)).toBe('rejected')
    }
  })

  it('a value that is no batch', () => {
    expect(() => decodeBatch(encodeValue({ a: 1 }))).toThrowError(
      expect.objectContaining({ code: 'BYTES_MALFORMED' }),
    )
  })

  it('a refusal leaves nothing behind for the next value', () => {
    expect(attempt(Uint8Array.from([0x92, 0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61, 0x01]))).toBe('rejected')
    expect(attempt(Uint8Array.from([0x40]))).toBe('rejected')
    expect(decodeBatch(encodeBatch(records))).toEqual(records)
  })
})

describe('forged `__proto__` keys pollute nothing', () => {
  const proto = [0xa9, ...Buffer.from('__proto__')]
  const value = [0x81, 0xa8, ...Buffer.from('polluted'), 0x01]
  const forgeries: Record<string, number[]> = {
    'in a shape': [0xd4, 0x72, 0x40, 0x91, ...proto, ...value],
    'in an escaped object': [0x82, 0xc1, 0x00, ...proto, ...value],
    'in a Map': [0x81, ...proto, ...value],
  }
  for (const [name, bytes] of Object.entries(forgeries)) {
    it(name, () => {
      const forged = decodeValue(Uint8Array.from(bytes)) as object
      const prototype: unknown = Object.getPrototypeOf(forged)
      expect(prototype === Object.prototype || prototype === Map.prototype).toBe(true)
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
    })
  }

  it('nor does a shape compiled from hostile keys run them', () => {
    const keys = ['"+alert()+"', '];alert();[', '${alert()}', '`', '\\', "'", '\u2028', 'a:r(),b', '*/', '//']
    const hostile = Array.from({ length: 300 }, (_, i) => Object.fromEntries(keys.map((key) => [key, i])))
    expect(decodeBatch(encodeBatch(hostile))).toEqual(hostile)
  })
})

describe('the reader agrees with msgpackr', () => {
  it('on what msgpackr writes for JSON values', () => {
    const packr = new Packr({})
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (values) => {
        const clean = JSON.parse(
          JSON.stringify(values).replaceAll('__proto__', 'p').replaceAll('__keys__', 'k'),
        ) as unknown
        expect(decodeValue(packr.pack(clean))).toEqual(clean)
      }),
    )
  })
})
