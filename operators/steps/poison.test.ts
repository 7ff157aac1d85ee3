import { describe, expect, it } from 'vitest'
import { MillraceError } from '../../core/errors.ts'
import { invariant } from '../../core/invariant.ts'
import { limits } from '../../core/limits.ts'
import type { ErrorPolicy, OperatorDefinition, OperatorInstance } from '../operator.ts'
import { cell, listCell } from '../state/schema.ts'
import { guardedInstance } from './poison.ts'
import { fakeContext } from '../testing/context.ts'
import { operator, processOperator, type ProcessOperator } from './process.ts'
import { flatMapOperator, mapOperator } from './stateless.ts'
import { openKeyed, slotsOf } from './testing/keyed.ts'

function guard(definition: OperatorDefinition): {
  instance: OperatorInstance
  out: unknown[]
  dead: unknown[]
  skipped: unknown[]
  gate: { leftovers: number }
} {
  const [out, dead, skipped]: unknown[][] = [[], [], []]
  const gate = { leftovers: 0 }
  const instance = guardedInstance(definition, {
    context: fakeContext({ emit: (record) => void out?.push(record), gate }),
    skipped: (error) => void skipped?.push(error),
    ...(definition.onError === 'dead-letter' && { deadLetter: (record: unknown) => void dead?.push(record) }),
  })
  return { instance, out: out ?? [], dead: dead ?? [], skipped: skipped ?? [], gate }
}

const oddThrows = (n: number): number => {
  if (n % 2 === 1) throw new Error(`odd ${n}`)
  return n
}

describe('poison records of a stateless step', () => {
  it('P1: skip leaves them out and says so', () => {
    const { instance, out, dead, skipped } = guard(mapOperator(oddThrows, 'skip'))
    for (const n of [0, 1, 2, 3]) instance.onRecord(n)
    expect([out, dead, skipped.map(String)]).toEqual([
      [0, 2],
      [],
      [
        "OperatorError: 's' threw on a record: Error: odd 1",
        "OperatorError: 's' threw on a record: Error: odd 3",
      ],
    ])
  })

  it('P1: dead-letter sends them on, with the record as text and what was wrong', () => {
    const { instance, out, dead } = guard(mapOperator(oddThrows, 'dead-letter'))
    for (const n of [0, 1]) instance.onRecord(n)
    expect(out).toEqual([0])
    expect(dead).toEqual([
      {
        step: 's',
        code: 'OPERATOR_THREW',
        message: "'s' threw on a record: Error: odd 1",
        details: { step: 's' },
        raw: '1',
      },
    ])
  })

  it.each<ErrorPolicy>(['skip', 'dead-letter'])(
    'P1: under %s a fatal error and a broken invariant still fail',
    (policy) => {
      const fatal = new MillraceError('BAD', 'bad', { retry: 'fatal' })
      const thrower = (error: unknown) =>
        guard(
          mapOperator(() => {
            throw error
          }, policy),
        )
      expect(() => thrower(fatal).instance.onRecord(1)).toThrowError(expect.objectContaining({ code: 'BAD' }))
      expect(() =>
        guard(mapOperator(() => invariant(false, 'T1: broken'), policy)).instance.onRecord(1),
      ).toThrowError(expect.objectContaining({ code: 'INVARIANT' }))
    },
  )

  it('P1: an error of what comes behind is not this record’s', () => {
    const behind = new Error('behind')
    const skipped: unknown[] = []
    const instance = guardedInstance(
      mapOperator((n: number) => n, 'skip'),
      {
        context: fakeContext({
          emit: () => {
            throw behind
          },
        }),
        skipped: (error) => void skipped.push(error),
      },
    )
    expect(() => instance.onRecord(1)).toThrowError(behind)
    expect(skipped).toEqual([])
  })
})

describe('poison records of flatMap', () => {
  const until = (bad: number) =>
    flatMapOperator(function* (n: number) {
      for (let i = 0; i < n; i += 1) {
        if (i === bad) throw new Error('bad')
        yield i
      }
    }, 'skip')

  it('P1: what came before the throw is not emitted, and nothing is left to pull', () => {
    const { instance, out, skipped, gate } = guard(until(3))
    for (const n of [2, 5, 3]) instance.onRecord(n)
    expect([out, skipped.length, gate.leftovers, instance.pull]).toEqual([[0, 1, 0, 1, 2], 1, 0, undefined])
  })

  it(`P1: more than ${limits.emitsPerCallMax} results cannot be held: a typed error, without end or memory`, () => {
    const { instance } = guard(until(-1))
    instance.onRecord(limits.emitsPerCallMax)
    expect(() => instance.onRecord(Infinity)).toThrowError(
      expect.objectContaining({ code: 'EMITS_TOO_MANY', retry: 'fatal', details: { step: 's' } }),
    )
  })
})

describe('poison records of a keyed step', () => {
  interface Row {
    k: string
    n: number
  }
  const declared = operator<string, Row, string>()({
    state: { sum: cell(() => 0), log: listCell<number>() },
    onRecord(ctx, row) {
      ctx.state.sum.update((sum) => sum + row.n)
      ctx.state.log.append(row.n)
      ctx.emit(`${row.k}${row.n}`)
      oddThrows(row.n)
    },
    onEnd(ctx) {
      ctx.emit(`end of ${ctx.key}`)
      ctx.state.sum.clear()
      ctx.state.log.clear()
      if (ctx.key === 'bad') throw new Error('end')
    },
  })
  const open = (keyOf: (row: Row) => string = (row) => row.k) => {
    const dead: unknown[] = []
    const step = openKeyed(
      processOperator(declared as ProcessOperator<never, never, unknown>, keyOf, {
        onError: 'dead-letter',
        timed: false,
      }),
      (definition, context) =>
        guardedInstance(definition, {
          context,
          skipped: () => undefined,
          deadLetter: (letter) => void dead.push(letter),
        }),
    )
    return { ...step, dead }
  }

  it('P1: a throw undoes emissions and state, of old keys and of new ones', () => {
    const { instance, out, state, dead } = open()
    for (const [k, n] of [
      ['a', 2],
      ['a', 3],
      ['b', 1],
      ['a', 4],
    ] as const)
      instance.onRecord({ k, n })
    expect(out).toEqual(['a2', 'a4'])
    expect([state.size, slotsOf(state, 'a')]).toEqual([1, [[2, 4], 6]])
    expect(dead).toHaveLength(2)
  })

  it('P1: what was undone while a snapshot ran is in the snapshot as it was', () => {
    const { instance, state } = open()
    instance.onRecord({ k: 'a', n: 2 })
    const snapshot = state.beginSnapshot()
    instance.onRecord({ k: 'a', n: 3 })
    instance.onRecord({ k: 'b', n: 3 })
    while (!snapshot.slice(1));
    const reference = open()
    reference.instance.onRecord({ k: 'a', n: 2 })
    const expected = reference.state.beginSnapshot()
    while (!expected.slice(1));
    expect(snapshot.sections()).toEqual(expected.sections())
  })

  it('P1: a key selector that throws, and a key that is none, set the record aside', () => {
    const { instance, dead, state } = open((row) =>
      row.n === 0 ? (NaN as never) : (oddThrows(row.n), row.k),
    )
    for (const n of [0, 1, 2]) instance.onRecord({ k: 'a', n })
    expect(dead).toMatchObject([{ code: 'KEY_ILLEGAL', raw: '{"k":"a","n":0}' }, { raw: '{"k":"a","n":1}' }])
    expect(state.size).toBe(1)
  })

  it('P1, C10: an onEnd that throws is undone, set aside once, and the other keys end', () => {
    const { instance, out, dead, state, end } = open()
    for (const k of ['a', 'bad', 'c']) instance.onRecord({ k, n: 2 })
    out.length = 0
    end()
    expect(out.sort()).toEqual(['end of a', 'end of c'])
    expect(dead).toMatchObject([{ raw: 'bad' }])
    expect([state.size, slotsOf(state, 'bad')]).toEqual([1, [[2], 2]])
  })
})

interface Keyed {
  readonly k: string
}

describe('poison timers', () => {
  const at = operator<string, Keyed, string>()({
    state: { fired: cell(() => 0) },
    onRecord: (ctx) => ctx.timers.at('x', 5),
    onTimer(ctx) {
      ctx.state.fired.update((fired) => fired + 1)
      ctx.timers.at('next', 9)
      ctx.emit(`${ctx.key} at ${ctx.timestampMs}`)
      if (ctx.key === 'bad') throw new Error('bad')
    },
  })

  it('P1: a throw undoes what the timer did, and the timer is gone', () => {
    const dead: unknown[] = []
    const definition = processOperator(at as ProcessOperator<never, never, unknown>, (row: Keyed) => row.k, {
      onError: 'dead-letter',
      timed: false,
    })
    const { instance, state, out, context } = openKeyed(definition, (made, given) =>
      guardedInstance(made, {
        context: given,
        skipped: () => undefined,
        deadLetter: (letter) => void dead.push(letter),
      }),
    )
    for (const k of ['good', 'bad']) instance.onRecord({ k })
    for (let due = state.timers?.take('event', 5); due; due = state.timers?.take('event', 5)) {
      context.time.recordMs = due.timer.atMs
      instance.onTimer?.(due.key, due.timer)
    }
    expect([out, context.emittedMs]).toEqual([['good at 5'], [5]])
    expect(dead).toMatchObject([{ code: 'OPERATOR_THREW', raw: expect.stringContaining('"bad"') }])
    expect([state.size, state.keysToEnd(), state.timers?.take('event', 9)?.key]).toEqual([
      1,
      ['good'],
      'good',
    ])
  })

  it('what was held is emitted at its own time', () => {
    const out: unknown[] = []
    const context = fakeContext({ emit: (record) => void out.push(record) })
    const instance = guardedInstance(
      flatMapOperator((n: number) => [n, n + 1], 'skip'),
      {
        context,
        skipped: () => undefined,
      },
    )
    context.time.recordMs = 7
    instance.onRecord(1)
    expect([out, context.emittedMs]).toEqual([
      [1, 2],
      [7, 7],
    ])
  })
})
