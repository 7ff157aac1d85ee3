import { describe, expect, expectTypeOf, it } from 'vitest'
import { fingerprint } from '../fingerprint.ts'
import { flow } from '../flow.ts'
import { collect } from '../sinks/index.ts'
import { fromArray } from '../sources/index.ts'
import { cell, listCell } from '../state/schema.ts'
import { coOperator, coProcessOperator, type CoOperator } from './co-process.ts'
import { guardedInstance } from './poison.ts'
import { operator } from './process.ts'
import { openKeyed } from './testing/keyed.ts'

interface Order {
  readonly id: string
  readonly total: number
}
interface Payment {
  readonly order: string
  readonly paid: number
}

const settle = coOperator<string, Order, Payment, string>()({
  state: { due: cell(() => 0), seen: listCell<string>() },
  onLeft(ctx, order) {
    ctx.state.due.update((due) => due + order.total)
    ctx.state.seen.append('order')
  },
  onRight(ctx, payment) {
    ctx.state.due.update((due) => due - payment.paid)
    ctx.state.seen.append('payment')
    if (payment.paid < 0) throw new Error('negative')
    ctx.emit(`${ctx.key} owes ${ctx.state.due.get()}`)
  },
  onEnd: (ctx) => ctx.emit(`${ctx.key}: ${ctx.state.seen.values().join()}`),
})

const definition = (onError: 'fail' | 'skip' = 'fail') =>
  coProcessOperator(
    settle as CoOperator<never, never, never, unknown>,
    { left: (order: Order) => order.id, right: (payment: Payment) => payment.order },
    { onError, timed: false },
  )

const streams = () => {
  const made = flow('f')
  const orders = made.source('orders', fromArray<Order>([])).keyBy('order-id', (order) => order.id)
  const payments = made.source('payments', fromArray<Payment>([])).keyBy('paid-order', (each) => each.order)
  return { made, orders, payments }
}

describe('an operator of two inputs', () => {
  it('shares its state between both, each read by its own key', () => {
    const { instance, out, end } = openKeyed(definition())
    instance.onRecord({ id: 'a', total: 10 })
    instance.onSecond?.({ order: 'a', paid: 4 })
    instance.onSecond?.({ order: 'b', paid: 1 })
    instance.onRecord({ id: 'a', total: 5 })
    end()
    expect(out.slice(0, 2)).toEqual(['a owes 6', 'b owes -1'])
    expect(new Set(out.slice(2))).toEqual(new Set(['a: order,payment,order', 'b: payment']))
  })

  it('P1: a throw on the second input undoes its state and its emissions', () => {
    const skipped: unknown[] = []
    const { instance, out, end } = openKeyed(definition('skip'), (given, context) =>
      guardedInstance(given, { context, skipped: (error) => void skipped.push(error) }),
    )
    instance.onRecord({ id: 'a', total: 10 })
    instance.onSecond?.({ order: 'a', paid: -1 })
    instance.onSecond?.({ order: 'a', paid: 3 })
    end()
    expect(out).toEqual(['a owes 7', 'a: order,payment'])
    expect(skipped).toHaveLength(1)
  })

  it('names the step whose handler or key selector threw', () => {
    const { instance } = openKeyed(definition())
    expect(() => instance.onSecond?.({ order: 'a', paid: -1 })).toThrowError(
      expect.objectContaining({ code: 'OPERATOR_THREW', details: { step: 's' } }),
    )
    expect(() => instance.onSecond?.(null)).toThrowError(
      expect.objectContaining({ code: 'KEY_SELECTOR_THREW' }),
    )
  })

  it('infers its types, and refuses streams keyed by other types', () => {
    const { made, orders, payments } = streams()
    expectTypeOf(
      orders
        .connect(payments)
        .process('p', settle)
        .map('m', (text) => text.length),
    ).not.toBeAny()
    const byNumber = made.source('n', fromArray([1])).keyBy('by-n', (n) => n)
    // @ts-expect-error keyed by numbers
    orders.connect(byNumber)
    // @ts-expect-error payments are left, orders right
    payments.connect(orders).process('q', settle)
  })

  it('is refused what cannot be connected', () => {
    const { orders, payments, made } = streams()
    const other = streams()
    expect(() => orders.connect(other.payments).process('p', settle)).toThrowError(
      expect.objectContaining({ code: 'FLOW_FOREIGN', message: expect.stringContaining("'p'") }),
    )
    expect(() => orders.connect(made.source('plain', fromArray<Payment>([])) as never)).toThrowError(
      expect.objectContaining({ code: 'STREAM_NOT_KEYED' }),
    )
    const single = operator<string, Order, string>()({ state: {}, onRecord: () => undefined })
    expect(() => orders.connect(payments).process('q', single as never)).toThrowError(
      expect.objectContaining({ code: 'OPERATOR_ILLEGAL', message: expect.stringContaining('coOperator') }),
    )
  })

  it('its inputs are part of the fingerprint', () => {
    const build = (swapped: boolean): string => {
      const made = flow('f')
      const [a, b] = ['a', 'b'].map((name) => made.source(name, fromArray([1])).keyBy(`${name}-k`, (n) => n))
      const same = coOperator<number, number, number, number>()({
        state: {},
        onLeft: () => undefined,
        onRight: () => undefined,
      })
      if (!a || !b) throw new Error('two sources')
      const results = swapped ? b.connect(a).process('p', same) : a.connect(b).process('p', same)
      results.sink('out', collect())
      return fingerprint(made.graph())
    }
    expect(build(false)).not.toBe(build(true))
  })
})
