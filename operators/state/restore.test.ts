import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeValue } from '../../core/codec/index.ts'
import { groupRange, type Key } from '../../core/keys/index.ts'
import type { GroupSection } from './group-format.ts'
import { openGroup } from './restore.ts'
import { cell, listCell, mapCell, stateSchema, type CellDeclarations } from './schema.ts'
import { bytesOf, contentOf, finish, makeState, restoreInto, step } from './testing/states.ts'

const sectionsOf = (
  declarations: CellDeclarations,
  values: ReadonlyMap<Key, readonly unknown[]>,
  version = 1,
): GroupSection[] => {
  const { state } = makeState(declarations, { version })
  for (const [key, slots] of values) {
    state.enter(key)
    state.current.slots = [...slots]
    state.attach(state.current)
  }
  return finish(state.beginSnapshot())
}

describe('restoring keyed state', () => {
  it('groups of one range come back in others, nothing lost and nothing twice', () => {
    const key = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.bigInt(),
      fc.boolean(),
      fc.tuple(fc.string(), fc.nat(9)),
    )
    const keyGroups = 16
    const declarations = { a: cell<number>(), m: mapCell<string | bigint, unknown>() }
    fc.assert(
      fc.property(
        fc.uniqueArray(key, { maxLength: 60, selector: (k) => `${typeof k}:${String(k)}` }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 20 }),
        (all, before, after) => {
          const slots = (i: number): unknown[] => [
            i,
            new Map<string | bigint, unknown>([
              ['k', i],
              [2n, [i]],
            ]),
          ]
          const sections = Array.from({ length: before }, (_, task) => {
            const { state } = makeState(declarations, { keyGroups, ...groupRange(task, before, keyGroups) })
            all.forEach((each, i) => {
              state.enter(each)
              state.current.slots = slots(i)
              try {
                state.attach(state.current)
              } catch {
                // Another task's.
              }
            })
            return finish(state.beginSnapshot())
          }).flat()
          const found = Array.from({ length: after }, (_, task) => {
            const { state } = makeState(declarations, { keyGroups, ...groupRange(task, after, keyGroups) })
            restoreInto(state, sections)
            return state.keysToEnd().map((each) => {
              state.enter(each)
              return [each, state.current.slots] as const
            })
          }).flat()
          expect(found).toHaveLength(all.length)
          all.forEach((each, i) => expect(found).toContainEqual([each === 0 ? 0 : each, slots(i)]))
        },
      ),
      { numRuns: 50 },
    )
  })

  it('values keep what a codec may lose: undefined between, -0, Dates, bigints, typed arrays, Maps', () => {
    const declarations = { a: cell(), b: cell(), c: listCell<unknown>(), d: cell() }
    const slots = [undefined, -0, [new Date(5), 2n ** 70n, new Float64Array([1.5])], undefined]
    expect(contentOf(sectionsOf(declarations, new Map([['k', slots]])), declarations).get('k')).toEqual(slots)
  })

  it('cells are found by name: new ones begin empty, whatever order they are declared in', () => {
    const sections = sectionsOf({ b: cell(), d: cell() }, new Map([['k', ['B', 'D']]]))
    const { state, cells } = makeState({ d: cell(), c: cell(), b: cell(), a: cell(() => 'first') })
    restoreInto(state, sections)
    state.enter('k')
    expect([cells.a.get(), cells.b.get(), cells.c.get(), cells.d.get()]).toEqual([
      'first',
      'B',
      undefined,
      'D',
    ])
  })

  it('migrate gets the older values by name and their version; a key it empties is gone', () => {
    const old = sectionsOf(
      { seconds: cell(), gone: cell() },
      new Map([
        ['a', ['x', 2]],
        ['b', ['x', 0]],
      ]),
      3,
    )
    const { state, cells } = makeState(
      { ms: cell<number>() },
      {
        version: 5,
        migrate: (values, from) => {
          expect([from, values.gone]).toEqual([3, 'x'])
          return { ms: values.seconds === 0 ? undefined : Number(values.seconds) * 1000 }
        },
      },
    )
    restoreInto(state, old)
    state.enter('a')
    expect(cells.ms.get()).toBe(2000)
    expect(state.size).toBe(1)
  })

  const incompatible = (declarations: CellDeclarations, options: Parameters<typeof makeState>[1] = {}) => {
    const stored = sectionsOf({ count: cell() }, new Map([['k', [1]]]), 2)
    const { state } = makeState(declarations, options)
    return () => restoreInto(state, stored)
  }

  it.each([
    ['a newer version', incompatible({ count: cell() }, { version: 1 }), /version 2, this code has 1/],
    ['an older version without migrate', incompatible({ count: cell() }, { version: 3 }), /pass `migrate`/],
    ['a cell that is gone', incompatible({ total: cell() }, { version: 2 }), /does not declare: count/],
    ['a cell of another kind', incompatible({ count: mapCell() }, { version: 2 }), /no map in 'count'/],
    [
      'a migrate that makes another kind',
      incompatible({ count: listCell() }, { version: 3, migrate: () => ({ count: 'x' }) }),
      /no list in 'count'/,
    ],
    [
      'a migrate that throws',
      incompatible(
        { count: cell() },
        {
          version: 3,
          migrate: () => {
            throw new Error('no idea')
          },
        },
      ),
      /could not be migrated: Error: no idea/,
    ],
  ])('refuses %s, and says what differs', (_, restore, message) => {
    expect(restore).toThrowError(message)
    expect(restore).toThrowError(expect.objectContaining({ code: 'STATE_INCOMPATIBLE', retry: 'fatal' }))
  })

  it('bytes that are cut, forged or foreign are STATE_DAMAGED, at any place', () => {
    const declarations = { count: cell<number>(), values: cell<unknown>() }
    const entries = new Map<Key, unknown[]>(Array.from({ length: 50 }, (_, i) => [i, [i, i % 2 ? [i] : i]]))
    const bytes = bytesOf(sectionsOf(declarations, entries)[0] ?? { group: 0, chunks: [] })
    const read = (damaged: Uint8Array): void => {
      const { state } = makeState(declarations)
      state.restore(openGroup(step, 0, damaged))
    }
    expect(() => read(bytes)).not.toThrow()
    const damagedError = expect.objectContaining({ code: 'STATE_DAMAGED', retry: 'fatal' })
    expect(() => read(new Uint8Array())).toThrowError(damagedError)
    for (const header of [null, 7, [], { cells: 'a', version: 1, ended: false }, { cells: [], version: 1 }]) {
      const value = encodeValue(header)
      const forged = new Uint8Array([value.length, 0, 0, 0, ...value])
      expect(() => read(forged)).toThrowError(damagedError)
    }
    fc.assert(
      fc.property(fc.integer({ min: 1, max: bytes.length - 1 }), (length) => {
        try {
          read(bytes.subarray(0, length))
        } catch (error) {
          expect(error).toMatchObject({ code: 'STATE_DAMAGED' })
        }
      }),
    )
  })

  it('many long strings do not make a block that no encoding can hold', () => {
    const declarations = { text: cell<string>() }
    const text = 'x'.repeat(400_000)
    const { state, cells } = makeState(declarations, { keyGroups: 1 })
    for (let key = 0; key < 200; key += 1) {
      state.enter(key)
      cells.text.set(text)
    }
    expect(finish(state.beginSnapshot())[0]?.chunks.length).toBeGreaterThan(200)
  })
})

describe('a schema', () => {
  it('keeps cells in the order of their names and refuses a version that is none', () => {
    expect(stateSchema({ b: cell(), a: listCell() }).cells.map(({ name }) => name)).toEqual(['a', 'b'])
    for (const version of [0, 1.5, NaN]) {
      expect(() => stateSchema({}, { version })).toThrowError(
        expect.objectContaining({ code: 'STATE_VERSION' }),
      )
    }
  })
})
