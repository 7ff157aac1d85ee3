import { describe, expect, it } from 'vitest'
import { aggregateOperator, reduceOperator, type AggregateOptions } from './aggregate.ts'
import { openKeyed, slotsOf } from './testing/keyed.ts'

interface Row {
  k: string
  n: number
}

const options = (emitOn: AggregateOptions['emitOn']): AggregateOptions => ({
  keyOf: (row: Row) => row.k,
  emitOn,
  onError: 'fail',
})
const rows: readonly Row[] = [
  { k: 'a', n: 1 },
  { k: 'b', n: 10 },
  { k: 'a', n: 2 },
]
const sums = { init: () => ({ sum: 0 }), add: (acc: { sum: number }, row: Row) => ((acc.sum += row.n), acc) }

describe('reduce', () => {
  const add = (a: Row, b: Row): Row => ({ k: a.k, n: a.n + b.n })

  it('begins with the first record, and emits after every record', () => {
    const { instance, out } = openKeyed(reduceOperator(add, options('record')))
    for (const row of rows) instance.onRecord(row)
    expect(out).toEqual([rows[0], rows[1], { k: 'a', n: 3 }])
  })

  it('emits once a key at the end', () => {
    const { instance, out, end } = openKeyed(reduceOperator(add, options('end')))
    for (const row of rows) instance.onRecord(row)
    expect(out).toEqual([])
    end()
    expect(out).toEqual([{ k: 'a', n: 3 }, rows[1]])
  })
})

describe('aggregate', () => {
  it('folds from init and emits result(accumulator, key)', () => {
    const aggregate = {
      ...sums,
      result: (acc: { sum: number }, key: unknown) => `${String(key)}: ${acc.sum}`,
    }
    const { instance, out, state } = openKeyed(aggregateOperator(aggregate, options('record')))
    for (const row of rows) instance.onRecord(row)
    expect(out).toEqual(['a: 1', 'b: 10', 'a: 3'])
    expect(slotsOf(state, 'a')).toEqual([{ sum: 3 }])
  })

  it('an accumulator that is emitted itself does not change with later records', () => {
    const { instance, out } = openKeyed(aggregateOperator(sums, options('record')))
    for (const row of rows) instance.onRecord(row)
    expect(out).toEqual([{ sum: 1 }, { sum: 10 }, { sum: 3 }])
  })

  it('V1: an accumulator that add changes in place is in a snapshot as it was', () => {
    const { instance, state } = openKeyed(aggregateOperator(sums, options('end')))
    for (const row of rows) instance.onRecord(row)
    const snapshot = state.beginSnapshot()
    const bytesBefore = snapshot.sections()
    for (const row of rows) instance.onRecord(row)
    snapshot.slice(10)
    const untouched = openKeyed(aggregateOperator(sums, options('end')))
    for (const row of rows) untouched.instance.onRecord(row)
    const reference = untouched.state.beginSnapshot()
    reference.slice(10)
    expect(bytesBefore).toEqual([])
    expect(snapshot.sections()).toEqual(reference.sections())
  })

  const broken = (part: 'init' | 'add' | 'result') =>
    aggregateOperator(
      {
        ...sums,
        [part]: () => {
          throw new Error(part)
        },
      },
      options('record'),
    )

  it.each(['init', 'add', 'result'] as const)('a throw of %s names the step', (part) => {
    const { instance } = openKeyed(broken(part))
    expect(() => instance.onRecord(rows[0])).toThrowError(
      expect.objectContaining({ code: 'OPERATOR_THREW', message: `'s' threw on a record: Error: ${part}` }),
    )
  })

  it('a key selector that throws, a key that is none and an async add are refused', () => {
    const selecting = (keyOf: () => never) =>
      openKeyed(aggregateOperator(sums, { ...options('record'), keyOf })).instance
    const thrower = selecting(() => {
      throw new Error('no key')
    })
    expect(() => thrower.onRecord(rows[0])).toThrowError(
      expect.objectContaining({ code: 'KEY_SELECTOR_THREW' }),
    )
    for (const illegal of [NaN, null, {}]) {
      expect(() => selecting(() => illegal as never).onRecord(rows[0])).toThrowError(
        expect.objectContaining({ code: 'KEY_ILLEGAL', details: expect.objectContaining({ step: 's' }) }),
      )
    }
    const slow = openKeyed(
      aggregateOperator({ ...sums, add: (async () => undefined) as never }, options('record')),
    )
    expect(() => slow.instance.onRecord(rows[0])).toThrowError(
      expect.objectContaining({ code: 'OPERATOR_ASYNC' }),
    )
  })
})
