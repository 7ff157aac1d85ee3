import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  checkValue,
  CodecError,
  decodeBatch,
  decodeValue,
  encodeBatch,
  encodeRows,
  encodeValue,
} from './index.ts'

/** Values of every kind, legal or not, nested: prototypes, holes, surrogates, accessors, cycles of none. */
const anything = fc.anything({
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withNullPrototype: true,
  withObjectString: true,
  withSparseArray: true,
  withTypedArray: true,
  withUnicodeString: true,
  key: fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('__proto__', '__keys__', 'constructor', 'hasOwnProperty', 'toJSON', 'length', '0', 'a'),
  ),
  values: [
    fc.string({ unit: 'binary' }),
    fc.bigInt({ min: -(2n ** 600n), max: 2n ** 600n }),
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constantFrom(
      undefined,
      null,
      -0,
      Symbol('s'),
      () => 1,
      new Date(Number.NaN),
      '\ud800',
      '\ufeff',
      '\ufffd',
    ),
    fc.date({ noInvalidDate: true }),
  ],
})

/** util's strict equality knows −0, NaN, prototypes, holes, Maps, Sets, typed arrays and property sets. */
const same = (a: unknown, b: unknown): boolean => isDeepStrictEqual(a, b)

function outcome(act: () => unknown): { kind: 'same' | 'changed' | 'rejected'; found?: unknown } {
  try {
    return act() === true ? { kind: 'same' } : { kind: 'changed' }
  } catch (error) {
    if (!(error instanceof CodecError) || error.code !== 'VALUE_UNSUPPORTED') throw error
    return { kind: 'rejected', found: error.details.found }
  }
}

const runs = { numRuns: 3_000 }

describe('any value is either the same after the wire or rejected with a typed error', () => {
  it('as a record of a batch', () => {
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 5 }), (records) => {
        expect(outcome(() => same(decodeBatch(encodeBatch(records)), records)).kind).not.toBe('changed')
      }),
      runs,
    )
  })

  it('as a value of its own', () => {
    fc.assert(
      fc.property(anything, (value) => {
        expect(outcome(() => same(decodeValue(encodeValue(value)), value)).kind).not.toBe('changed')
      }),
      runs,
    )
  })

  it('in rows, as among the values of one', () => {
    fc.assert(
      fc.property(fc.array(fc.array(anything, { maxLength: 3 }), { maxLength: 3 }), (rows) => {
        const told = (act: () => Uint8Array): unknown => {
          try {
            return Buffer.from(act())
          } catch (error) {
            return (error as CodecError).details
          }
        }
        expect(told(() => encodeRows(rows))).toEqual(told(() => encodeValue(rows)))
      }),
      runs,
    )
  })

  it('and the complete check refuses exactly what a fresh batch refuses', () => {
    fc.assert(
      fc.property(anything, (value) => {
        const checked = outcome(() => (checkValue(value), true))
        const encoded = outcome(() => (encodeBatch([value]), true))
        expect(encoded).toEqual(checked)
      }),
      runs,
    )
  })

  it('with records of one shape whose values differ in type', () => {
    const field = fc.oneof(anything, fc.integer(), fc.string(), fc.constant(-0))
    const records = fc.array(fc.record({ id: fc.integer(), a: field, b: field }), { maxLength: 20 })
    fc.assert(
      fc.property(records, (batch) => {
        expect(outcome(() => same(decodeBatch(encodeBatch(batch)), batch)).kind).not.toBe('changed')
      }),
    )
  })
})

describe('preserved exactly', () => {
  const long = 'x'.repeat(100)
  const cases: Record<string, unknown> = {
    undefined: undefined,
    null: null,
    booleans: [true, false],
    'small numbers': [0, 1, 31, 32, 63, 64, 127, 128, 255, 256, -1, -32, -33, -128, -129],
    'numbers at the bounds of integers': [
      65535,
      65536,
      2 ** 31,
      2 ** 32 - 1,
      2 ** 32,
      -(2 ** 31),
      -(2 ** 31) - 1,
    ],
    'safe integers': [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
    fractions: [0.1, -1.5, Number.MIN_VALUE, Number.MAX_VALUE, Number.EPSILON],
    'numbers that are none': [Number.NaN, Infinity, -Infinity],
    '−0, at any depth': [-0, { a: -0, b: [0, -0] }, new Map([['k', -0]]), 0],
    'bigints of 64 bits': [0n, 1n, -1n, 2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), 2n ** 64n - 1n],
    'bigints beyond': [
      2n ** 64n,
      -(2n ** 64n),
      2n ** 71n,
      -(2n ** 71n),
      2n ** 70_000n,
      -(2n ** 70_001n) + 5n,
    ],
    strings: ['', 'a', long, 'Grüße', '日本語', '🙂', `${long}🙂`, '\0', 'x'.repeat(70_000)],
    'strings with a byte order mark': ['\ufeff', `\ufeff${long}`, `\ufeffü${long}`],
    'strings with replacement characters': ['\ufffd', `${long}\ufffd`],
    dates: [0, 1, -1, 999, 1.7e12, 2 ** 32 * 1000, -62135596800001, 8.64e15, -8.64e15].map(
      (ms) => new Date(ms),
    ),
    'plain objects': [{}, { a: 1 }, { a: undefined }, { '': 1, 'a b': 2, 'é"\\\n': 3, '\u2028': 4 }],
    'objects without a prototype': Object.assign(Object.create(null) as object, { a: -0 }),
    'keys that name what objects have': [
      { constructor: 1, hasOwnProperty: 2, toString: 3, toJSON: 4, valueOf: 5 },
    ],
    'an own __proto__': JSON.parse('{"__proto__": {"polluted": true}, "a": -0}'),
    'keys that msgpackr uses': [
      { a: 1, __keys__: 2 },
      { a: 1 },
      { a: 1, __keys__: { __keys__: 3 }, length: 4 },
    ],
    arrays: [[], [undefined], [[[]]], Array.from({ length: 70_000 }, (_, i) => i)],
    Maps: [
      new Map(),
      new Map<unknown, unknown>([
        [1, 'a'],
        ['1', 'b'],
        [1n, 'c'],
        [null, { d: 1 }],
        [NaN, -0],
      ]),
    ],
    Sets: [new Set(), new Set<unknown>([1, '1', 1n, null, undefined, NaN])],
    'typed arrays': [
      new Int8Array([-1]),
      new Uint8Array([1, 2]),
      new Uint8ClampedArray([3]),
      new Int16Array([-4]),
      new Uint16Array([5]),
      new Int32Array([-6]),
      new Uint32Array([7]),
      new Float32Array([0.5, -0]),
      new Float64Array([NaN, -0]),
      new BigInt64Array([-8n]),
      new BigUint64Array([2n ** 64n - 1n]),
      new Uint8Array(300),
      new Uint8Array(70_000),
      new Float64Array(0),
    ],
    'a view of a larger buffer': new Uint8Array([1, 2, 3, 4]).subarray(1, 3),
  }

  for (const [name, value] of Object.entries(cases)) {
    it(name, () => {
      expect(same(decodeValue(encodeValue(value)), value)).toBe(true)
      expect(same(decodeBatch(encodeBatch([value, value])), [value, value])).toBe(true)
      checkValue(value)
    })
  }

  it('a Buffer arrives as a Uint8Array with its bytes', () => {
    for (const size of [0, 3, 300, 70_000]) {
      const arrived = decodeValue(encodeValue(Buffer.alloc(size, 7)))
      expect(same(arrived, new Uint8Array(size).fill(7))).toBe(true)
    }
  })

  it('a reference shared within a record arrives as copies', () => {
    const shared = { a: 1 }
    const [x, y] = decodeValue(encodeValue([shared, shared])) as [object, object]
    expect(x).toEqual(shared)
    expect(y).toEqual(shared)
  })

  it('more than 64 shapes in a batch, and wide objects', () => {
    const shapes = Array.from({ length: 300 }, (_, i) => ({
      [`k${i % 150}`]: i,
      nested: { [`n${i % 70}`]: i },
    }))
    const wide = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`key${i}`, i]))
    expect(same(decodeBatch(encodeBatch([...shapes, wide, wide])), [...shapes, wide, wide])).toBe(true)
  })

  it('the same shape read often enough to be compiled, with keys that need quoting', () => {
    const record = JSON.parse('{"a": 1, "__proto__": 2, "b-c": 3, "\\"];throw 1;[\\"": 4, "7": 5}') as object
    const records = Array.from({ length: 500 }, () => record)
    expect(same(decodeBatch(encodeBatch(records)), records)).toBe(true)
    expect(same(decodeBatch(encodeBatch(records)), records)).toBe(true)
  })
})

describe('rejected, with path and type', () => {
  class Account {
    id = 1
  }
  const cyclic: Record<string, unknown> = {}
  cyclic.self = { cyclic }
  const symbolKey = { a: 1, [Symbol('hidden')]: 2 }
  const hidden = Object.defineProperty({ a: 1 }, 'b', { value: 2, enumerable: false })
  const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)])

  const cases: [string, unknown, string, RegExp][] = [
    ['a function', { user: { tags: ['a', 'b', () => 1] } }, '$.user.tags[2]', /a function/],
    ['a symbol', { s: Symbol('x') }, '$.s', /a symbol/],
    ['a class instance', [new Account()], '$[0]', /an instance of Account/],
    ['an Error', { e: new TypeError('x') }, '$.e', /an instance of TypeError/],
    ['a RegExp', { r: /x/ }, '$.r', /an instance of RegExp/],
    ['an ArrayBuffer', { b: new ArrayBuffer(1) }, '$.b', /an instance of ArrayBuffer/],
    [
      'an accessor',
      {
        get x() {
          return 1
        },
      },
      '$.x',
      /an accessor/,
    ],
    ['a hidden property', hidden, '$.b', /not enumerable/],
    ['a symbol key', symbolKey, '$', /a symbol key/],
    ['a cycle', cyclic, '$.self.cyclic', /a cycle/],
    ['a lone surrogate', { 'a b': '\ud800' }, '$["a b"]', /lone surrogate/],
    ['a lone surrogate in a key', { '\udc00': 1 }, '$["\\udc00"]', /key with a lone surrogate/],
    ['a hole', { list: [1, , 3] }, '$.list[1]', /a hole/], // eslint-disable-line no-sparse-arrays
    ['a named property of an array', { m: 'abc'.match(/b/) }, '$.m', /an array with a property index/],
    ['an invalid Date', { at: new Date(NaN) }, '$.at', /an invalid Date/],
    ['a Map with objects as keys', { m: new Map([[{}, 1]]) }, '$.m', /a Map with an object as key/],
    ['a function in a Map', { m: new Map([['k', () => 1]]) }, '$.m.get("k")', /a function/],
    ['a Set with objects as members', { s: new Set([{}]) }, '$.s', /a Set with an object/],
    ['a subclass of Map', new (class Special extends Map {})(), '$', /an instance of Special/],
    ['a subclass of Array', new (class List extends Array {})(), '$', /an instance of List/],
    ['nesting without end', deep(101), `$${'[0]'.repeat(100)}`, /nesting below 100 levels/],
  ]

  for (const [name, value, path, found] of cases) {
    it(name, () => {
      expect(outcomeDetails(() => encodeBatch([{ ok: 1 }, value]))).toMatchObject({
        index: 1,
        path,
        found: expect.stringMatching(found),
      })
      expect(outcomeDetails(() => checkValue(value))).toMatchObject({
        path,
        found: expect.stringMatching(found),
      })
      if (!name.startsWith('nesting'))
        expect(outcomeDetails(() => encodeValue(value))).toMatchObject({ path })
    })
  }

  function outcomeDetails(act: () => unknown): unknown {
    try {
      act()
    } catch (error) {
      expect(error).toBeInstanceOf(CodecError)
      expect((error as CodecError).code).toBe('VALUE_UNSUPPORTED')
      expect((error as CodecError).retry).toBe('record')
      return (error as CodecError).details
    }
    return 'accepted'
  }

  it('the deepest allowed value crosses', () => {
    expect(decodeBatch(encodeBatch([deep(100)]))).toEqual([deep(100)])
    expect(decodeValue(encodeRows([[deep(100)]]))).toEqual([[deep(100)]])
    const refused = (act: () => unknown): boolean => outcomeDetails(act) !== 'accepted'
    for (let depth = 95; depth < 115; depth += 1) {
      const rows = [[deep(depth)]]
      expect(refused(() => encodeRows(rows))).toBe(refused(() => encodeValue(rows)))
    }
  })

  it('a value that sharing makes larger than any message ends soon', () => {
    let doubling: unknown = 'x'
    for (let i = 0; i < 60; i += 1) doubling = [doubling, doubling]
    expect(() => encodeBatch([doubling])).toThrowError(expect.objectContaining({ code: 'VALUE_OVERSIZED' }))
    expect(() => encodeBatch([{ doubling }])).toThrowError(
      expect.objectContaining({ code: 'VALUE_OVERSIZED' }),
    )
    expect(() => checkValue(doubling)).toThrowError(/more content/)
    expect(() => encodeRows([[doubling], [1]])).toThrowError(/more content/)
  })
})

describe('a shape seen so often that its check is compiled', () => {
  const usual = (i: number): Record<string, unknown> => ({ id: i, name: `u${i}`, zero: 0, more: { a: [i] } })
  const many = Array.from({ length: 3_000 }, (_, i) => usual(i))
  const withLast = (last: unknown): unknown[] => [...many, last]

  it.each([
    ['−0', { ...usual(1), zero: -0 }],
    ['−0 below', { ...usual(1), more: { a: [-0] } }],
    ['another type', { ...usual(1), id: 2n ** 70n, zero: undefined, more: null }],
    ['another key', { ...usual(1), other: -0 }],
    ['a key less', { id: 1, name: 'x', zero: -0 }],
    ['another order', { name: 'x', id: 1, zero: -0, more: {} }],
    ['no prototype', Object.assign(Object.create(null) as object, usual(1))],
  ])('preserves %s', (_, last) => {
    expect(same(decodeBatch(encodeBatch(withLast(last))), withLast(last))).toBe(true)
  })

  it.each([
    ['a function', { ...usual(1), zero: () => 1 }, '$.zero'],
    ['a symbol', { ...usual(1), id: Symbol('x') }, '$.id'],
    ['a lone surrogate', { ...usual(1), name: '\udfff' }, '$.name'],
    ['an instance of URL', { ...usual(1), more: new URL('http://localhost') }, '$.more'],
    ['a hole', { ...usual(1), more: { a: new Array(1) } }, '$.more.a[0]'],
  ])('refuses %s', (found, last, path) => {
    expect(() => encodeBatch(withLast(last))).toThrowError(
      expect.objectContaining({
        code: 'VALUE_UNSUPPORTED',
        details: { index: 3_000, path, found: expect.stringContaining(found) },
      }),
    )
  })

  it('with keys that need quoting', () => {
    const record = JSON.parse('{"__proto__": -0, "\\"]; throw 1; [\\"": 1, "": 2, "`${x}": 3}') as object
    const records = Array.from({ length: 3_000 }, () => record)
    expect(same(decodeBatch(encodeBatch(records)), records)).toBe(true)
  })
})

describe('`__proto__` keys pollute nothing', () => {
  it('on the way through', () => {
    const hostile: unknown = JSON.parse(
      '[{"__proto__": {"polluted": 1}}, {"constructor": {"prototype": {"polluted": 1}}}]',
    )
    const arrived = decodeValue(encodeValue(hostile)) as object[]
    expect(same(arrived, hostile)).toBe(true)
    expect(Object.getPrototypeOf(arrived[0])).toBe(Object.prototype)
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })
})
