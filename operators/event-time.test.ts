import { describe, expect, expectTypeOf, it } from 'vitest'
import { stepName } from '../core/ids.ts'
import { timedSteps } from './event-time.ts'
import { flow } from './flow.ts'
import { collect } from './sinks/index.ts'
import { fromArray } from './sources/index.ts'
import { clockTimersOnly } from './state/clock-timers.ts'
import type { KeyedStream } from './keyed-stream.ts'
import type { Stream } from './stream.ts'

const code = (build: () => unknown): unknown => {
  try {
    build()
    return 'none'
  } catch (error) {
    return (error as { code?: unknown }).code
  }
}

describe('event time in a graph', () => {
  it('is what comes behind eventTime, dead letters aside', () => {
    const made = flow('f')
    const timed = made
      .source('in', fromArray([1]))
      .map('before', (n) => n)
      .eventTime('time', { atMs: (n) => n, onAbsurd: 'dead-letter' })
    timed
      .keyBy('key', (n) => n)
      .reduce('sum', (a, b) => a + b)
      .sink('out', collect())
    timed.deadLetters.map('letter', (letter) => letter.raw).sink('bad', collect())
    expect([...timedSteps(made.graph())]).toEqual(['time', 'key', 'sum', 'out'])
  })

  it('the types know: it is had, lost with dead letters, and kept by every other step', () => {
    const plain = flow('f').source('in', fromArray([1]))
    const timed = plain.eventTime('time', { atMs: (n) => n })
    expectTypeOf(timed).toExtend<Stream<number, 'event'>>()
    expectTypeOf(plain).not.toExtend<Stream<number, 'event'>>()
    expectTypeOf(timed.map('m', String).filter('f', Boolean).rebalance()).toExtend<Stream<string, 'event'>>()
    expectTypeOf(timed.keyBy('k', (n) => n)).toExtend<KeyedStream<number, number, 'event'>>()
    expectTypeOf(timed.keyBy('k2', (n) => n).reduce('r', (a) => a)).toExtend<Stream<number, 'event'>>()
    expectTypeOf(timed.deadLetters).not.toExtend<Stream<never, 'event'>>()
    // @ts-expect-error -- a union of records with and without event time
    timed.union('u', plain)
  })

  it('a union of records with and without it is refused also where types are not looked at', () => {
    const made = flow('f')
    const plain = made.source('in', fromArray([1]))
    const timed = plain.eventTime('time', { atMs: (n) => n }) as unknown as Stream<number>
    timed.union('both', plain).sink('out', collect())
    expect(code(() => made.graph())).toBe('EVENT_TIME_MISSING')
  })

  it('a step without event time has timers by the clock only', () => {
    const set: unknown[] = []
    const timers = clockTimersOnly(stepName('s'), {
      at: () => undefined,
      atClock: (name, atMs) => void set.push([name, atMs]),
      delete: (name) => void set.push(name),
    })
    timers.atClock('x', 5)
    timers.delete('x')
    expect([set, code(() => timers.at('x', 5))]).toEqual([[['x', 5], 'x'], 'EVENT_TIME_MISSING'])
  })
})
