import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { Packr } from 'msgpackr'
import { describe, expect, it } from 'vitest'
import { flatShape, writeFlatBatch } from './flat-batch.ts'
import { decodeBatch, encodeBatch } from './index.ts'

const shapeOf = (...keys: string[]) => {
  const shape = flatShape(keys)
  if (!shape) throw new Error('code from strings is forbidden')
  return shape
}

const numbers = fc.oneof(
  fc.integer(),
  fc.integer({ min: -70_000, max: 70_000 }),
  fc.double(),
  fc.constantFrom(0, -0, 0x3f, 0x40, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000, -0x20, -0x21, -0x80, -0x81),
  fc.constantFrom(
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 32,
    -(2 ** 31),
    -(2 ** 31) - 1,
    2 ** 53,
    NaN,
    Infinity,
  ),
)
const texts = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme', maxLength: 80 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    'é'.repeat(31),
    'é'.repeat(32),
    'x'.repeat(85),
    'x'.repeat(86),
    'x'.repeat(300),
    '€'.repeat(30_000),
  ),
)
const fields = fc.oneof(numbers, texts, fc.boolean(), fc.constantFrom(null, undefined))

describe('writeFlatBatch', () => {
  it('F1: what it writes is read back equal', () => {
    const shape = shapeOf('a', 'ключ', '__proto__')
    fc.assert(
      fc.property(fc.array(fc.tuple(fields, fields, fields), { minLength: 1, maxLength: 40 }), (rows) => {
        const records = rows.map(([a, b, c]) => {
          const record = { a, ключ: b }
          Object.defineProperty(record, '__proto__', {
            value: c,
            enumerable: true,
            configurable: true,
            writable: true,
          })
          return record
        })
        const bytes = writeFlatBatch(records, shape, 7)
        const legal = records.every((record) =>
          Object.values(record).every((value) => typeof value !== 'string' || isWellFormedText(value)),
        )
        expect(bytes !== undefined).toBe(legal)
        if (bytes) expect(isDeepStrictEqual(decodeBatch(bytes.subarray(7)), records)).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  it('F1: the bytes of short texts and numbers are those of msgpackr', () => {
    const packr = new Packr({ moreTypes: true, useToJSON: false })
    const records = [1, -1, 63, 64, 1e5, -1e5, 1.5, 5e9].map((n) => ({
      n,
      text: `t${n}`,
      yes: true,
      no: null,
    }))
    const bytes = writeFlatBatch(records, shapeOf('n', 'text', 'yes', 'no'), 0)
    expect(Buffer.from(bytes ?? []).toString('hex')).toBe(Buffer.from(packr.pack(records)).toString('hex'))
  })

  it.each([
    ['a nested value', { a: {}, b: 1 }],
    ['a bigint', { a: 1n, b: 1 }],
    ['a function', { a: () => 1, b: 1 }],
    ['a key too many', { a: 1, b: 1, c: 1 }],
    ['a key too few', { a: 1 }],
    ['keys in another order', { b: 1, a: 1 }],
    ['an instance of a class', Object.assign(new (class Account {})(), { a: 1, b: 1 })],
    ['an array', [1, 2]],
    ['no object', 7],
    ['null', null],
  ])('F1: gives up on %s, wherever it is', (_, odd) => {
    const plain = { a: 1, b: 'x' }
    expect(writeFlatBatch([plain, plain, odd], shapeOf('a', 'b'), 0)).toBeUndefined()
    expect(writeFlatBatch([plain, plain], shapeOf('a', 'b'), 0)).toBeDefined()
  })

  it('F2: results share memory and do not touch each other', () => {
    const shape = shapeOf('a', 'b')
    const results = Array.from({ length: 3_000 }, (_, i) => {
      const records = [
        { a: i, b: 'x'.repeat(i % 97) },
        { a: -i, b: '' },
      ]
      return { records, bytes: writeFlatBatch(records, shape, i % 50) ?? new Uint8Array(), reserve: i % 50 }
    })
    for (const { bytes, reserve } of results) bytes.fill(0xff, 0, reserve)
    for (const { bytes, records, reserve } of results)
      expect(decodeBatch(bytes.subarray(reserve))).toEqual(records)
    expect(new Set(results.map(({ bytes }) => bytes.buffer)).size).toBeLessThan(results.length / 10)
  })

  it('writes what does not fit into a slab into larger memory', () => {
    const records = Array.from({ length: 500 }, (_, i) => ({ a: i, b: 'ä'.repeat(1_000 + i) }))
    expect(decodeBatch(writeFlatBatch(records, shapeOf('a', 'b'), 0) ?? new Uint8Array())).toEqual(records)
  })

  it('leaves a batch of more than a few megabytes to the long way', () => {
    const records = Array.from({ length: 10 }, () => ({ a: 1, b: 'x'.repeat(1_000_000) }))
    expect(writeFlatBatch(records, shapeOf('a', 'b'), 0)).toBeUndefined()
  })
})

describe('encodeBatch, of a shape that it has seen often', () => {
  it('keeps to the same results and refusals when one record differs', () => {
    const plain = Array.from({ length: 2_000 }, (_, i) => ({ id: i, name: `n${i}` }))
    for (let i = 0; i < 3; i += 1) expect(decodeBatch(encodeBatch(plain))).toEqual(plain)
    for (let i = 0; i < 20; i += 1) {
      const mixed = [...plain.slice(0, 10), { id: i, name: ['nested'] }, { other: -0 }]
      expect(decodeBatch(encodeBatch(mixed))).toEqual(mixed)
      expect(() => encodeBatch([...plain.slice(0, 10), { id: 1, name: '\ud800' }])).toThrow(
        expect.objectContaining({ code: 'VALUE_UNSUPPORTED' }) as Error,
      )
    }
    expect(decodeBatch(encodeBatch(plain))).toEqual(plain)
  })
})

const isWellFormedText = (text: string): boolean =>
  (text as unknown as { isWellFormed(): boolean }).isWellFormed()
