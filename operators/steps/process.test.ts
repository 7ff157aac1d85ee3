import { describe, expect, it } from 'vitest'
import { limits } from '../../core/limits.ts'
import type { OperatorDefinition } from '../operator.ts'
import { cell, listCell } from '../state/schema.ts'
import { operator, processOperator, type ProcessOperator } from './process.ts'
import { openKeyed, slotsOf } from './testing/keyed.ts'

interface Row {
  k: string
  n: number
}

const define = (
  declared: ProcessOperator<string, Row, unknown>,
  keyOf: (row: Row) => string = (row) => row.k,
): OperatorDefinition =>
  processOperator(declared as ProcessOperator<never, never, unknown>, keyOf, {
    onError: 'fail',
    timed: false,
  })

const summing = operator<string, Row, string>()({
  state: { sum: cell(() => 0), log: listCell<number>() },
  onRecord(ctx, row) {
    ctx.state.sum.update((sum) => sum + row.n)
    ctx.state.log.append(row.n)
    ctx.emit(`${ctx.key}=${ctx.state.sum.get()}`)
  },
  onEnd(ctx) {
    ctx.emit(`${ctx.key} of ${ctx.state.log.length}`)
    ctx.state.log.clear()
  },
})

describe('process', () => {
  it('gives each key its own cells', () => {
    const { instance, out } = openKeyed(define(summing))
    for (const [k, n] of [
      ['a', 1],
      ['b', 10],
      ['a', 2],
    ] as const)
      instance.onRecord({ k, n })
    expect(out).toEqual(['a=1', 'b=10', 'a=3'])
  })

  it('C10: onEnd comes once a key that holds state', () => {
    const { instance, out, end } = openKeyed(define(summing))
    for (const k of ['a', 'b', 'a']) instance.onRecord({ k, n: 1 })
    out.length = 0
    end()
    end()
    expect(out.sort()).toEqual(['a of 2', 'b of 1'])
  })

  it('C10: there is no onEnd where the handlers have none', () => {
    const definition = define(operator<string, Row, never>()({ state: {}, onRecord: () => undefined }))
    expect(openKeyed(definition).instance.onEnd).toBeUndefined()
  })

  it('handlers may use `this`', () => {
    class Counter {
      readonly state = { n: cell(() => 0) }
      private readonly by = 2
      onRecord(ctx: { emit(n: number): void }): void {
        ctx.emit(this.by)
      }
      onEnd(ctx: { emit(n: number): void }): void {
        ctx.emit(this.by)
      }
    }
    const { instance, out } = openKeyed(define(operator<string, Row, number>()(new Counter())))
    instance.onRecord({ k: 'a', n: 0 })
    instance.onEnd?.('a')
    expect(out).toEqual([2, 2])
  })

  const failing = (onRecord: () => unknown): OperatorDefinition =>
    define(operator<string, Row, never>()({ state: { n: cell(() => 0) }, onRecord, onEnd: onRecord }))

  it('a throw names the step, and in onEnd the key', () => {
    const { instance } = openKeyed(
      failing(() => {
        throw new Error('boom')
      }),
    )
    const threw = { code: 'OPERATOR_THREW', retry: 'retry', details: { step: 's' } }
    expect(() => instance.onRecord({ k: 'a', n: 1 })).toThrowError(
      expect.objectContaining({ ...threw, message: "'s' threw on a record: Error: boom" }),
    )
    expect(() => instance.onEnd?.('a')).toThrowError(
      expect.objectContaining({ ...threw, message: `'s' threw on the end of key "a": Error: boom` }),
    )
  })

  it('an async handler is refused, and its rejection does not escape', () => {
    const { instance } = openKeyed(failing(async () => Promise.reject(new Error('later'))))
    const refused = expect.objectContaining({
      code: 'OPERATOR_ASYNC',
      retry: 'fatal',
      details: { step: 's' },
    })
    expect(() => instance.onRecord({ k: 'a', n: 1 })).toThrowError(refused)
    expect(() => instance.onEnd?.('a')).toThrowError(refused)
  })

  it('T1: what is emitted after the handler returned is refused, and reaches nobody', () => {
    const kept: { emit(n: number): void }[] = []
    const keeping = operator<string, Row, number>()({
      state: { n: cell(() => 0) },
      onRecord(ctx, { n }) {
        kept.push(ctx)
        ctx.emit(n)
        if (n > 1) throw new Error('boom')
      },
    })
    const { instance, out } = openKeyed(define(keeping))
    const refused = expect.objectContaining({ code: 'EMIT_OUTSIDE', retry: 'fatal', details: { step: 's' } })
    instance.onRecord({ k: 'a', n: 1 })
    expect(() => kept[0]?.emit(7)).toThrowError(refused)
    expect(() => instance.onRecord({ k: 'a', n: 2 })).toThrowError(
      expect.objectContaining({ code: 'OPERATOR_THREW' }),
    )
    expect(() => kept[1]?.emit(7)).toThrowError(refused)
    instance.onRecord({ k: 'a', n: 0 })
    expect(out).toEqual([1, 2, 0])
  })

  it('a key selector that throws, and a key that is none, name the step', () => {
    const thrower = openKeyed(
      define(summing, () => {
        throw new Error('no key')
      }),
    )
    expect(() => thrower.instance.onRecord({ k: 'a', n: 1 })).toThrowError(
      expect.objectContaining({
        code: 'KEY_SELECTOR_THREW',
        message: "the key selector of 's' threw: Error: no key",
        details: { step: 's' },
      }),
    )
    for (const illegal of [NaN, null, undefined, { a: 1 }]) {
      const { instance, state } = openKeyed(define(summing, () => illegal as never))
      expect(() => instance.onRecord({ k: 'a', n: 1 })).toThrowError(
        expect.objectContaining({
          code: 'KEY_ILLEGAL',
          retry: 'record',
          details: expect.objectContaining({ step: 's' }),
        }),
      )
      expect(state.size).toBe(0)
    }
  })

  it(`T1: emits at most ${limits.emitsPerCallMax} records a call`, () => {
    const { instance, out } = openKeyed(
      define(
        operator<string, Row, number>()({
          state: {},
          onRecord(ctx, row) {
            for (let i = 0; i < row.n; i += 1) ctx.emit(i)
          },
        }),
      ),
    )
    instance.onRecord({ k: 'a', n: limits.emitsPerCallMax })
    instance.onRecord({ k: 'a', n: limits.emitsPerCallMax })
    expect(out).toHaveLength(2 * limits.emitsPerCallMax)
    expect(() => instance.onRecord({ k: 'a', n: limits.emitsPerCallMax + 1 })).toThrowError(
      expect.objectContaining({ code: 'EMITS_TOO_MANY', retry: 'fatal', details: { step: 's' } }),
    )
  })

  it('V1: what a handler changes in place while a snapshot runs is not in it', () => {
    const { instance, state } = openKeyed(define(summing))
    instance.onRecord({ k: 'a', n: 1 })
    const snapshot = state.beginSnapshot()
    instance.onRecord({ k: 'a', n: 2 })
    snapshot.slice(10)
    expect(slotsOf(state, 'a')).toEqual([[1, 2], 3])
    state.endSnapshot()
    expect(snapshot.sections()).toHaveLength(1)
  })
})

describe('process and time', () => {
  const timed = operator<string, Row, unknown>()({
    state: {},
    onRecord(ctx, row) {
      if (row.n === 0) ctx.emit([ctx.timestampMs, ctx.watermarkMs, ctx.nowMs()])
      else ctx.timers.at('x', row.n)
    },
    onTimer: (ctx, timer) => ctx.emit([ctx.key, timer]),
  })

  it('handlers see the record’s time, the step’s watermark and the clock', () => {
    const { instance, context, out } = openKeyed(define(timed))
    context.time.recordMs = 5
    context.clock.watermarkMs = 3
    instance.onRecord({ k: 'a', n: 0 })
    expect(out).toEqual([[5, 3, 0]])
  })

  it('onTimer comes with its key', () => {
    const { instance, state, out } = openKeyed(define(timed))
    instance.onRecord({ k: 'a', n: 8 })
    const due = state.timers?.take('event', 8)
    if (due) instance.onTimer?.(due.key, due.timer)
    expect(out).toEqual([['a', { name: 'x', atMs: 8, domain: 'event' }]])
  })

  it('without event time the record’s time is a typed error, not a number', () => {
    const { instance } = openKeyed(define(timed))
    expect(() => instance.onRecord({ k: 'a', n: 0 })).toThrowError(
      expect.objectContaining({ code: 'EVENT_TIME_MISSING', retry: 'fatal' }),
    )
  })

  it('timers without a handler are refused', () => {
    const { instance } = openKeyed(
      define(operator<string, Row, never>()({ state: {}, onRecord: (ctx) => ctx.timers.at('x', 1) })),
    )
    expect(() => instance.onRecord({ k: 'a', n: 0 })).toThrowError(
      expect.objectContaining({ code: 'TIMER_HANDLER_MISSING', retry: 'fatal' }),
    )
  })
})
