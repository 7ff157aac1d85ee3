import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { copyOf } from './copy.ts'

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
  key: fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'length', '0')),
  values: [
    fc.string(),
    fc.bigInt(),
    fc.double(),
    fc.boolean(),
    fc.constantFrom(undefined, null, -0, Symbol('s'), () => 1),
  ],
})

type Copied = { readonly value: unknown } | { readonly threw: string }

const attempt = (copy: (value: unknown) => unknown, value: unknown): Copied => {
  try {
    return { value: copy(value) }
  } catch (error) {
    return { threw: (error as Error).name }
  }
}

/** Of all objects in it, itself among them. */
function* objectsIn(value: unknown): IterableIterator<object> {
  if (typeof value !== 'object' || value === null) return
  yield value
  const inside = value instanceof Map || value instanceof Set ? [...value] : Object.values(value)
  for (const each of inside) yield* objectsIn(each)
}

describe('copyOf', () => {
  it('copies, or throws, as structuredClone does', () => {
    fc.assert(
      fc.property(anything, (value) => {
        expect(isDeepStrictEqual(attempt(copyOf, value), attempt(structuredClone, value))).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  it('shares no object with what it copies', () => {
    const data = fc.anything({ withMap: true, withSet: true, withDate: true })
    fc.assert(
      fc.property(data, (value) => {
        const own = new Set(objectsIn(value))
        for (const each of objectsIn(copyOf(value))) expect(own.has(each)).toBe(false)
      }),
    )
  })

  it('an array with names besides, and a chain deeper than data is', () => {
    const named = Object.assign([1, 2], { name: 'n' })
    expect(isDeepStrictEqual(copyOf(named), named)).toBe(true)
    let deep: object = {}
    for (let i = 0; i < 200; i += 1) deep = { deep }
    expect(copyOf(deep)).toEqual(deep)
  })

  it('a cycle ends', () => {
    const cycle: { self?: unknown } = {}
    cycle.self = cycle
    expect(copyOf(cycle)).toHaveProperty('self.self.self')
  })
})
