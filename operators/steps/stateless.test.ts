import { describe, expect, it } from 'vitest'
import { fakeContext } from '../testing/context.ts'
import type { OperatorContext, OperatorDefinition, OperatorInstance } from '../operator.ts'
import { filterOperator, flatMapOperator, identityOperator, mapOperator } from './stateless.ts'

function open(
  definition: OperatorDefinition,
): OperatorInstance & { out: unknown[]; gate: OperatorContext['gate'] } {
  const out: unknown[] = []
  const gate = { leftovers: 0 }
  const instance = definition.create(fakeContext({ emit: (record) => void out.push(record), gate }))
  return Object.assign(instance, { out, gate })
}

const boom = (): never => {
  throw new Error('boom')
}
const threw = expect.objectContaining({
  code: 'OPERATOR_THREW',
  retry: 'retry',
  message: "'s' threw on a record: Error: boom",
  details: { step: 's' },
})

describe('map, filter and the pass-throughs', () => {
  it('map emits one result a record, filter what passes, keyBy and union everything', () => {
    const map = open(mapOperator((n: number) => n * 2, 'fail'))
    const filter = open(filterOperator((n: number) => n > 1, 'fail'))
    const union = open(identityOperator('union'))
    for (const step of [map, filter, union]) for (const n of [1, 2, 3]) step.onRecord(n)
    expect([map.out, filter.out, union.out]).toEqual([
      [2, 4, 6],
      [2, 3],
      [1, 2, 3],
    ])
  })

  it('a throw names the step; a throw of what comes behind is left alone', () => {
    expect(() => open(mapOperator(boom, 'fail')).onRecord(1)).toThrowError(threw)
    expect(() => open(filterOperator(boom, 'fail')).onRecord(1)).toThrowError(threw)
    const behind = new Error('behind')
    const instance = mapOperator((n: number) => n, 'fail').create(
      fakeContext({
        emit: () => {
          throw behind
        },
      }),
    )
    expect(() => instance.onRecord(1)).toThrowError(behind)
  })

  it('an async filter is refused: a Promise is always truthy', () => {
    const filter = open(filterOperator((async () => false) as never, 'fail'))
    expect(() => filter.onRecord(1)).toThrowError(
      expect.objectContaining({ code: 'OPERATOR_ASYNC', retry: 'fatal' }),
    )
    expect(filter.out).toEqual([])
  })
})

describe('flatMap', () => {
  const pullAll = (step: OperatorInstance): number => {
    let pulls = 0
    while (step.pull?.() === true) pulls += 1
    return pulls
  }

  it('T1: results are pulled one by one, and leftovers close the gate until the last is out', () => {
    let made = 0
    const step = open(
      flatMapOperator(function* (n: number) {
        for (let i = 0; i < n; i += 1) {
          made += 1
          yield i
        }
      }, 'fail'),
    )
    step.onRecord(1_000_000)
    expect([made, step.out.length, step.gate.leftovers]).toEqual([0, 0, 1])
    for (let i = 1; i <= 5; i += 1) {
      expect(step.pull?.()).toBe(true)
      expect([made, step.out.length]).toEqual([i, i])
    }
    step.discard?.()
    expect([step.gate.leftovers, step.pull?.(), step.out.length]).toEqual([0, false, 5])
  })

  it('results of several records come in order, from any iterable', () => {
    const step = open(flatMapOperator((record: Iterable<unknown>) => record, 'fail'))
    for (const record of [[1, 2], [], new Set([3]), new Map([[4, 5]]).keys()]) step.onRecord(record)
    expect(step.gate.leftovers).toBe(4)
    pullAll(step)
    expect([step.out, step.gate.leftovers]).toEqual([[1, 2, 3, 4], 0])
  })

  it('discard lets generators clean up', () => {
    let cleaned = false
    const step = open(
      flatMapOperator(function* () {
        try {
          yield 1
          yield 2
        } finally {
          cleaned = true
        }
      }, 'fail'),
    )
    step.onRecord(0)
    step.pull?.()
    step.discard?.()
    expect(cleaned).toBe(true)
  })

  it('a throw, at once or while pulling, names the step and leaves nothing behind', () => {
    const atOnce = open(flatMapOperator(boom, 'fail'))
    expect(() => atOnce.onRecord(1)).toThrowError(threw)
    expect(atOnce.gate.leftovers).toBe(0)
    const later = open(
      flatMapOperator(function* () {
        yield 1
        boom()
      }, 'fail'),
    )
    later.onRecord(0)
    later.pull?.()
    expect(() => later.pull?.()).toThrowError(threw)
    expect([later.out, later.gate.leftovers, later.pull?.()]).toEqual([[1], 0, false])
  })

  it.each([
    ['a Promise (handlers are synchronous)', Promise.resolve([1])],
    ['string', 'text'],
    ['undefined', undefined],
    ['null', null],
    ['object', { length: 1 }],
  ])('refuses %s where an iterable is expected', (found, result) => {
    const step = open(flatMapOperator((() => result) as never, 'fail'))
    expect(() => step.onRecord(1)).toThrowError(
      `'s' must return an iterable (an array, a generator, a Set), got ${found}`,
    )
    expect(step.gate.leftovers).toBe(0)
  })
})

it('flatMap: what is pulled later has its own record’s time', () => {
  const context = fakeContext()
  const step = flatMapOperator((n: number) => [n, n], 'fail').create(context)
  for (const atMs of [5, 3]) {
    context.time.recordMs = atMs
    step.onRecord(atMs)
  }
  context.time.recordMs = 99
  while (step.pull?.() === true);
  expect(context.emittedMs).toEqual([5, 5, 3, 3])
})
