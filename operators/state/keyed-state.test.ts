import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tupleToken, type Key } from '../../core/keys/index.ts'
import { StateError } from './errors.ts'
import type { KeyedSnapshot } from './keyed-snapshot.ts'
import { cell, listCell, mapCell } from './schema.ts'
import { contentOf, finish, groupOf, makeState, restoreInto } from './testing/states.ts'

const declarations = {
  count: cell<number>(),
  nested: cell<{ values: number[] }>(),
  seen: mapCell<string, number>(),
  log: listCell<string>(),
}

/** Few enough that they meet, and alike enough to be mixed up. */
const keys: readonly Key[] = [1, '1', 1n, true, 'true', [1], ['1'], [[1]], [1, 1], -0, 'zero', 2, 3, 4, 5, 6]

interface Model {
  count?: number
  nested?: { values: number[] }
  seen: Map<string, number>
  log: string[]
}

const token = (key: Key): string => tupleToken([key])
const isEmpty = ({ count, nested, seen, log }: Model): boolean =>
  count === undefined && nested === undefined && seen.size === 0 && log.length === 0

/** Slots in the order of cell names: count, log, nested, seen. */
const slotsOf = ({ count, nested, seen, log }: Model): unknown[] => [
  count,
  log.length > 0 ? log : undefined,
  nested,
  seen.size > 0 ? seen : undefined,
]

type Action =
  | { readonly do: 'begin' }
  | { readonly do: 'slice'; readonly keysMax: number }
  | {
      readonly do: 'count' | 'replace' | 'inPlace' | 'put' | 'delete' | 'append' | 'clear' | 'look' | 'undone'
      readonly key: Key
    }

const actions = fc.array(
  fc.oneof(
    { weight: 1, arbitrary: fc.constant<Action>({ do: 'begin' }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('slice' as const), keysMax: fc.integer({ min: 1, max: 4 }) }),
    },
    {
      weight: 12,
      arbitrary: fc.record({
        do: fc.constantFrom(
          ...(['count', 'replace', 'inPlace', 'put', 'delete', 'append', 'clear', 'look', 'undone'] as const),
        ),
        key: fc.constantFrom(...keys),
      }),
    },
  ),
  { maxLength: 120, size: 'max' },
)

describe('keyed state', () => {
  it('V1: a snapshot holds the state as it was when it began, whatever happens meanwhile', () => {
    fc.assert(
      fc.property(actions, (script) => {
        const { state, cells } = makeState(declarations)
        const model = new Map<string, { key: Key; values: Model }>()
        let running: { snapshot: KeyedSnapshot; expected: Map<string, unknown[]> } | undefined
        const snapshotOfModel = (): Map<string, unknown[]> =>
          new Map([...model].map(([name, { values }]) => [name, structuredClone(slotsOf(values))]))
        const check = (): void => {
          if (!running) return
          const found = contentOf(running.snapshot.sections(), declarations)
          expect(new Map([...found].map(([key, slots]) => [token(key), slots]))).toEqual(running.expected)
          running = undefined
        }
        script.forEach((action, turn) => {
          if (action.do === 'begin') {
            // A newer one supersedes.
            running = { snapshot: state.beginSnapshot(), expected: snapshotOfModel() }
            return
          }
          if (action.do === 'slice') {
            if (running?.snapshot.slice(action.keysMax) === true) check()
            return
          }
          const { key } = action
          const values: Model = model.get(token(key))?.values ?? { seen: new Map(), log: [] }
          state.enter(key)
          switch (action.do) {
            case 'count':
              cells.count.set((cells.count.get() ?? 0) + 1)
              values.count = (values.count ?? 0) + 1
              break
            case 'replace':
              cells.nested.set({ values: [turn] })
              values.nested = { values: [turn] }
              break
            case 'inPlace':
              cells.nested.get()?.values.push(turn)
              values.nested?.values.push(turn)
              break
            case 'put':
              cells.seen.set(`s${turn % 3}`, turn)
              values.seen.set(`s${turn % 3}`, turn)
              break
            case 'delete':
              expect(cells.seen.delete(`s${turn % 3}`)).toBe(values.seen.delete(`s${turn % 3}`))
              break
            case 'append':
              cells.log.append(`l${turn}`)
              values.log.push(`l${turn}`)
              break
            case 'clear':
              for (const each of Object.values(cells)) each.clear()
              delete values.count
              delete values.nested
              values.seen.clear()
              values.log = []
              break
            case 'look':
              expect([cells.count.get(), cells.nested.get(), cells.seen.size, cells.log.values()]).toEqual([
                values.count,
                values.nested,
                values.seen.size,
                values.log,
              ])
              break
            case 'undone': {
              const undo = state.save()
              cells.count.set(-1)
              cells.nested.get()?.values.push(-1)
              cells.seen.clear()
              cells.log.append('undone')
              if (turn % 2 === 0) for (const each of Object.values(cells)) each.clear()
              undo()
            }
          }
          if (isEmpty(values)) model.delete(token(key))
          else model.set(token(key), { key, values })
          expect(state.size).toBe(model.size)
        })
        if (running) {
          finish(running.snapshot)
          check()
        }
        running = { snapshot: state.beginSnapshot(), expected: snapshotOfModel() }
        finish(running.snapshot)
        check()
      }),
      { numRuns: 300 },
    )
  })

  it('V1: primitives are taken as they are, not when their block is encoded', () => {
    const { state, cells } = makeState({ count: cell<number>() })
    for (let key = 0; key < 1000; key += 1) {
      state.enter(key)
      cells.count.set(key)
    }
    const snapshot = state.beginSnapshot()
    snapshot.slice(10)
    for (let key = 0; key < 1000; key += 1) {
      state.enter(key)
      cells.count.set(-1)
    }
    const content = contentOf(finish(snapshot), { count: cell<number>() })
    expect(content.size).toBe(1000)
    for (const [key, slots] of content) expect(slots).toEqual([key])
  })

  it('V1: small values are taken as they are, though handlers change them in place', () => {
    const declared = {
      sum: cell<Record<string, unknown>>(),
      list: cell<unknown[]>(),
      map: mapCell<string, { n: number } | string>(),
    }
    const { state, cells } = makeState(declared)
    const made = (i: number): Record<string, unknown> => ({
      ...{
        count: i,
        lowest: i % 2 === 0 ? -0 : NaN,
        name: `n${i}`,
        big: 10n ** 20n,
        none: undefined,
        no: null,
      },
      ...(i % 100 === 50 && { other: [i] }),
    })
    const listed = (i: number): unknown[] => [{ n: i }, i, i % 50 === 7 ? [i] : 'i', 'x'.repeat(i * 8)]
    for (let key = 0; key < 1000; key += 1) {
      state.enter(key)
      cells.sum.set(made(key))
      cells.list.set(listed(key))
      cells.map.set('at', { n: key })
      cells.map.set('name', `n${key}`)
    }
    const snapshot = state.beginSnapshot()
    snapshot.slice(300)
    for (let key = 0; key < 1000; key += 1) {
      state.enter(key)
      Object.assign(cells.sum.get() ?? {}, { count: -1, name: 'changed', later: true })
      Object.assign(cells.list.get()?.[0] ?? {}, { n: -1 })
      cells.list.get()?.push('later')
      Object.assign(cells.map.get('at') ?? {}, { n: -1 })
      cells.map.set('later', 'x')
    }
    const content = contentOf(finish(snapshot), declared)
    expect(content.size).toBe(1000)
    for (const [key, slots] of content) {
      const i = key as number
      const map = new Map<string, unknown>([
        ['at', { n: i }],
        ['name', `n${i}`],
      ])
      expect(slots).toEqual([listed(i), map, made(i)])
    }
  })

  it.each([
    ['a function', { count: () => 0 }],
    ['a symbol', { count: Symbol('s') }],
    ['a name that is a symbol', { count: 1, [Symbol('s')]: 1 }],
    ['an accessor', Object.defineProperty({ n: 1 }, 'count', { get: () => 1, enumerable: true })],
    ['what is not enumerable', Object.defineProperty({ count: 1 }, 'n', { value: 1 })],
    ['a class instance', Object.assign(new (class Sum {})(), { count: 1 })],
    ['a function in a list', [1, () => 0]],
    ['a list with a hole', [1, , 2]], // eslint-disable-line no-sparse-arrays -- what it is about
    ['a list with a name', Object.assign([1], { name: 'x' })],
    ['a list of another class', new (class Many extends Array<number> {})(1, 2)],
    ['a map by objects', new Map([[{}, 1]])],
    ['a map with a name', Object.assign(new Map(), { name: 'x' })],
    ['a map of another class', new (class Dictionary extends Map {})()],
  ])('V1: %s among small values is refused with the key that holds it', (_, value) => {
    const { state, cells } = makeState({ value: cell<unknown>() }, { keyGroups: 1 })
    for (let key = 0; key < 20; key += 1) {
      state.enter(key)
      cells.value.set(key < 7 ? { n: key } : key === 7 ? value : { n: key, m: key })
    }
    const snapshot = state.beginSnapshot()
    expect(() => finish(snapshot)).toThrowError(StateError)
    expect(() => finish(state.beginSnapshot())).toThrowError(/key "7"/)
  })

  it('V1: an entry that cannot be encoded fails every try; it is never left out', () => {
    const { state, cells } = makeState({ value: cell<unknown>() })
    for (const key of ['a', 'b', 'c']) {
      state.enter(key)
      cells.value.set(key === 'b' ? { fn: () => 0 } : { key })
    }
    const snapshot = state.beginSnapshot()
    const error = expect.objectContaining({
      code: 'STATE_UNENCODABLE',
      retry: 'record',
      message: expect.stringContaining('"b"'),
      details: { step: 'count' },
    })
    expect(() => state.enter('b')).toThrowError(error)
    expect(() => state.enter('b')).toThrowError(error)
    expect(() => finish(snapshot)).toThrowError(error)
  })

  it.each([
    ['a function', () => 0],
    ['a lone surrogate', '\ud800'],
  ])('V1: %s among primitives is refused with the key that holds it', (_, value) => {
    const { state, cells } = makeState({ value: cell<unknown>() }, { keyGroups: 1 })
    for (let key = 0; key < 20; key += 1) {
      state.enter(key)
      cells.value.set(key === 7 ? value : key)
    }
    const snapshot = state.beginSnapshot()
    expect(() => finish(snapshot)).toThrowError(StateError)
    expect(() => finish(state.beginSnapshot())).toThrowError(/key "7"/)
  })

  it('keys are those of the canonical encoding: 1, "1", 1n, true and tuples are different, 0 and -0 the same', () => {
    const { state, cells } = makeState({ name: cell<string>() })
    const distinct: Key[] = [1, '1', 1n, true, 'true', [1], ['1'], [[1]], [1n], [true], [], '', 0]
    distinct.forEach((key, i) => {
      state.enter(key)
      expect(cells.name.get()).toBeUndefined()
      cells.name.set(`${i}`)
    })
    distinct.forEach((key, i) => {
      state.enter(structuredClone(key))
      expect(cells.name.get()).toBe(`${i}`)
    })
    state.enter(-0)
    expect(cells.name.get()).toBe('12')
    expect(state.size).toBe(distinct.length)
  })

  it('a tuple that its selector fills again and again does not change the entry', () => {
    const { state, cells } = makeState({ count: cell(() => 0) })
    const reused = ['a', 0]
    for (let i = 0; i < 3; i += 1) {
      reused[1] = i
      state.enter(reused)
      cells.count.set(i)
    }
    const content = contentOf(finish(state.beginSnapshot()), { count: cell(() => 0) })
    expect([...content].sort()).toEqual([0, 1, 2].map((i) => [['a', i], [i]]))
  })

  it.each([NaN, Infinity, null, undefined, {}, Symbol('s'), '\ud800', [NaN], [null]])(
    'refuses %o as a key, at the latest when it would get state',
    (key) => {
      const { state, cells } = makeState({ count: cell(() => 0) })
      const use = (): void => {
        state.enter(key as never)
        cells.count.set(1)
      }
      expect(use).toThrowError(expect.objectContaining({ code: 'KEY_ILLEGAL', retry: 'record' }))
      expect(state.size).toBe(0)
    },
  )

  it('refuses a key of a group that another task owns', () => {
    const { state, cells } = makeState({ count: cell(() => 0) }, { from: 0, to: groupOf('x') })
    state.enter('x')
    expect(() => cells.count.set(1)).toThrowError(expect.objectContaining({ code: 'INVARIANT' }))
  })

  it('a key that holds nothing has no entry', () => {
    const { state, cells } = makeState(declarations)
    state.enter('a')
    expect([cells.count.get(), cells.seen.get('x'), cells.log.length]).toEqual([undefined, undefined, 0])
    expect(state.size).toBe(0)
    cells.seen.set('x', 1)
    cells.log.append('l')
    cells.count.set(0)
    expect(state.size).toBe(1)
    cells.seen.delete('x')
    cells.log.clear()
    cells.count.update(() => undefined)
    expect(state.size).toBe(0)
  })

  it('a mutable initial value is kept on its first read, so that changes to it last', () => {
    const { state, cells } = makeState({ values: cell((): number[] => []), count: cell(() => 7) })
    state.enter('a')
    expect(cells.count.get()).toBe(7)
    expect(state.size).toBe(0)
    cells.values.get().push(1)
    state.enter('b')
    expect(cells.values.get()).toEqual([])
    state.enter('a')
    expect(cells.values.get()).toEqual([1])
  })

  it('P1: undo puts back what save saw, deep, also where there was nothing', () => {
    const { state, cells } = makeState(declarations)
    state.enter('a')
    cells.nested.set({ values: [1] })
    const undo = state.save()
    cells.nested.get()?.values.push(2)
    cells.count.set(1)
    undo()
    expect([cells.nested.get(), cells.count.get()]).toEqual([{ values: [1] }, undefined])

    state.enter('b')
    const undoNew = state.save()
    cells.count.set(1)
    undoNew()
    expect(cells.count.get()).toBeUndefined()
    expect(state.size).toBe(1)
  })
})

describe('the end of keyed state', () => {
  const withKeys = (count: number) => {
    const made = makeState({ count: cell<number>() })
    for (let key = 0; key < count; key += 1) {
      made.state.enter(key)
      made.cells.count.set(key)
    }
    return made
  }

  it('C10: each key comes up once, also when its entry is cleared, set again or undone', () => {
    const { state, cells } = withKeys(9)
    const seen: Key[] = []
    for (const key of state.keysToEnd()) {
      seen.push(key)
      state.enter(key)
      const undo = state.save()
      cells.count.clear()
      if (Number(key) % 3 === 0) cells.count.set(1)
      if (Number(key) % 3 === 1) undo()
    }
    expect(seen.sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
    expect(state.size).toBe(6)
  })

  it('C10: that onEnd ran is in the snapshot of every group, also of empty ones, and holds after a restore', () => {
    const { state } = withKeys(3)
    state.markEnded()
    expect(state.keysToEnd()).toEqual([])
    const sections = finish(state.beginSnapshot())
    expect(sections.map(({ group }) => group)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    const restored = makeState({ count: cell<number>() })
    restoreInto(restored.state, sections)
    expect(restored.state.size).toBe(3)
    expect(restored.state.keysToEnd()).toEqual([])
  })

  it('C10: of two groups, only that whose end did not run has keys left to end', () => {
    const ended = withKeys(20)
    ended.state.markEnded()
    const sections = finish(ended.state.beginSnapshot()).filter(({ group }) => group < 4)
    const restored = makeState({ count: cell<number>() })
    restoreInto(restored.state, [
      ...sections,
      ...finish(withKeys(20).state.beginSnapshot()).filter(({ group }) => group >= 4),
    ])
    const left = Array.from({ length: 20 }, (_, key) => key).filter((key) => groupOf(key) >= 4)
    expect(
      restored.state
        .keysToEnd()
        .map(Number)
        .sort((a, b) => a - b),
    ).toEqual(left)
  })
})
