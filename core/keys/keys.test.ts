import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { limits } from '../limits.ts'
import {
  encodeKey,
  groupRange,
  hashBytes,
  hashKey,
  keyGroup,
  KeyError,
  mapKey,
  taskOfGroup,
} from './index.ts'
import type { Key } from './index.ts'
import { tupleToken } from './index.ts'

const keys: fc.Arbitrary<Key> = fc.letrec<{ key: Key }>((tie) => ({
  key: fc.oneof(
    { depthSize: 'small' },
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary-ascii' }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer({ min: -3, max: 3 }),
    fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
    fc.bigInt({ min: -3n, max: 3n }),
    fc.boolean(),
    fc.array(tie('key'), { maxLength: 3 }),
  ),
})).key

const hex = (key: Key): string => Buffer.from(encodeKey(key)).toString('hex')

/** Equality of keys as DESIGN §4 states it, written without the encoding. */
function equal(a: Key, b: Key): boolean {
  if (typeof a !== 'object' || typeof b !== 'object') return a === b
  return a.length === b.length && a.every((element, i) => equal(element, b[i] as Key))
}

describe('keys have one encoding and one hash on every host and in every version', () => {
  // Confirmed by a second implementation. A changed vector moves every user's state to other key groups.
  const vectors: [Key, string, number][] = [
    ['', '04000000', 0x70a3c107],
    ['a', '0400000161', 0xef48342b],
    ['user-1', '04000006757365722d31', 0x69af5017],
    ['Grüße', '040000074772c3bcc39f65', 0x5bc96329],
    ['🙂', '04000004f09f9982', 0xa4c1f351],
    [0, '030000080000000000000000', 0x5a9f94f2],
    [1, '03000008000000000000f03f', 0xf0db2e57],
    [-1.5, '03000008000000000000f8bf', 0x5907459c],
    [1e21, '0300000850efe2d6e41a4b44', 0x1316da4f],
    [false, '01000000', 0xfbf1402a],
    [true, '02000000', 0x40b23b7f],
    [0n, '05000000', 0x0e1bbb7e],
    [1n, '0500000101', 0xf6e03281],
    [-256n, '060000020100', 0x5b50f909],
    [2n ** 64n, '05000009010000000000000000', 0xcac132ff],
    [[], '07000000', 0x501a90f1],
    [['a', 1], '07000011040000016103000008000000000000f03f', 0xde4c7a7a],
    [[['a'], 'b'], '0700000e0700000504000001610400000162', 0x3751b100],
  ]
  for (const [key, bytes, hash] of vectors) {
    it(`${typeof key} ${tupleToken(key)}`, () => expect([hex(key), hashKey(key)]).toEqual([bytes, hash]))
  }

  it('MurmurHash3_x86_32 of known texts', () => {
    const texts = ['', 'test', 'hello', 'Hello, world!'].map((text) => hashBytes(Buffer.from(text)))
    expect(texts).toEqual([0, 0xba6bd213, 0x248bfa47, 0xc0363e43])
  })
})

describe('two keys are equal exactly when their encodings are', () => {
  it('and when their tokens are, in a Map too', () => {
    fc.assert(
      fc.property(keys, keys, (a, b) => {
        expect(hex(a) === hex(b)).toBe(equal(a, b))
        expect(tupleToken(a) === tupleToken(b)).toBe(equal(a, b))
        expect(new Map([[mapKey(a), 1]]).has(mapKey(b))).toBe(equal(a, b))
      }),
      { numRuns: 5_000 },
    )
  })

  const pairs: [Key, Key][] = [
    [1, '1'],
    [1, 1n],
    [true, 1],
    [['ab'], ['a', 'b']],
    [[], [[]]],
    [
      ['a', ['b']],
      [['a'], 'b'],
    ],
    ['s1:a', ['a']],
  ]
  for (const [a, b] of pairs) {
    it(`${hex(a)} is not ${hex(b)}`, () => {
      expect(hex(a)).not.toBe(hex(b))
      expect(mapKey(a)).not.toBe(mapKey(b))
    })
  }

  it('−0 is 0, in tuples too', () => {
    expect([hex(-0), hashKey(-0), hex([-0]), tupleToken([-0])]).toEqual([
      hex(0),
      hashKey(0),
      hex([0]),
      tupleToken([0]),
    ])
  })
})

describe('the hash without bytes is the hash of the bytes', () => {
  it('for any key', () => {
    fc.assert(
      fc.property(keys, (key) => {
        expect(hashKey(key)).toBe(hashBytes(encodeKey(key)))
      }),
      { numRuns: 5_000 },
    )
  })

  it('spreads sequential keys over all groups', () => {
    const groups = 128
    const counts = new Array<number>(groups).fill(0)
    for (let i = 0; i < 128_000; i += 1) {
      const group = keyGroup(i % 2 === 0 ? i : `user-${i}`, groups)
      counts[group] = (counts[group] as number) + 1
    }
    expect(Math.min(...counts)).toBeGreaterThan(800)
    expect(Math.max(...counts)).toBeLessThan(1200)
  })
})

describe('what is no key is refused, with what was found', () => {
  const cyclic: unknown[] = []
  cyclic.push(cyclic)
  const deep = Array.from({ length: 5_000 }).reduce<unknown>((inner) => [inner], 1)
  const cases: [string, unknown, RegExp][] = [
    ['NaN', NaN, /NaN/],
    ['Infinity', -Infinity, /-Infinity/],
    ['undefined', undefined, /undefined/],
    ['null', null, /null/],
    ['an object', { a: 1 }, /an object/],
    ['a Date', new Date(0), /an instance of Date/],
    ['a function', () => 1, /a function/],
    ['a lone surrogate', 'a\ud800', /lone surrogate/],
    ['an illegal element', ['a', [null]], /null/],
    ['a hole', [1, , 2], /undefined/], // eslint-disable-line no-sparse-arrays
    ['a long string', 'x'.repeat(limits.keyBytesMax), /more than 4096 bytes/],
    ['a long text', 'ü'.repeat(limits.keyBytesMax / 2), /more than 4096 bytes/],
    ['a long bigint', 2n ** 40_000n, /more than 4096 bytes/],
    ['a tuple that contains itself', cyclic, /more than 4096 bytes/],
    ['a deep tuple', deep, /more than 4096 bytes/],
  ]
  for (const [name, value, found] of cases) {
    it(name, () => {
      for (const use of [encodeKey, hashKey]) {
        const refusal = thrownBy(() => use(value as Key))
        expect(refusal).toBeInstanceOf(KeyError)
        expect(refusal).toMatchObject({
          code: 'KEY_ILLEGAL',
          retry: 'record',
          message: expect.stringMatching(found),
        })
      }
      if (!name.includes('long')) expect(thrownBy(() => tupleToken(value as Key))).toBeInstanceOf(KeyError)
    })
  }

  it('the longest allowed key is a key', () => {
    const longest = 'x'.repeat(limits.keyBytesMax - 4)
    expect(encodeKey(longest).byteLength).toBe(limits.keyBytesMax)
    expect(hashKey(longest)).toBe(hashBytes(encodeKey(longest)))
  })

  function thrownBy(act: () => unknown): unknown {
    try {
      return act()
    } catch (error) {
      return error
    }
  }
})

describe('key groups', () => {
  const sizes = fc.record({
    groups: fc.integer({ min: 1, max: limits.keyGroupsMax }),
    parallelism: fc.integer({ min: 1, max: limits.parallelismMax }),
  })

  it('the ranges of all tasks partition the groups', () => {
    fc.assert(
      fc.property(sizes, ({ groups, parallelism }) => {
        let next = 0
        for (let task = 0; task < parallelism; task += 1) {
          const { from, to } = groupRange(task, parallelism, groups)
          expect(from).toBe(next)
          expect(to).toBeGreaterThanOrEqual(from)
          next = to
        }
        expect(next).toBe(groups)
      }),
    )
  })

  it('the task of a group is the one whose range has it', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), ({ groups, parallelism }, n) => {
        const group = n % groups
        const task = taskOfGroup(group, parallelism, groups)
        const { from, to } = groupRange(task, parallelism, groups)
        expect(group >= from && group < to).toBe(true)
      }),
    )
  })

  it("agrees with Flink's KeyGroupRangeAssignment", () => {
    // 128 groups over 3 tasks: [0, 42], [43, 85], [86, 127].
    expect([0, 1, 2].map((task) => groupRange(task, 3, 128))).toEqual([
      { from: 0, to: 43 },
      { from: 43, to: 86 },
      { from: 86, to: 128 },
    ])
  })
})
