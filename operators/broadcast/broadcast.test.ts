import { describe, expect, expectTypeOf, it } from 'vitest'
import { stepName } from '../../core/ids.ts'
import { fingerprint } from '../fingerprint.ts'
import { flow } from '../flow.ts'
import type { OperatorDefinition } from '../operator.ts'
import { collect } from '../sinks/index.ts'
import { fromArray } from '../sources/index.ts'
import { cell, mapCell, type MapCell } from '../state/schema.ts'
import { guardedInstance } from '../steps/poison.ts'
import { openKeyed } from '../steps/testing/keyed.ts'
import { fakeContext } from '../testing/context.ts'
import { BroadcastState } from './maps.ts'
import {
  broadcastDefinition,
  broadcastOperator,
  keyedBroadcastDefinition,
  keyedBroadcastOperator,
  type BroadcastOperator,
  type KeyedBroadcastOperator,
} from './operator.ts'

interface Payment {
  readonly card: string
  readonly cents: number
}
interface Rule {
  readonly name: string
  readonly atLeast: number
}

/** Counts a card's payments above any limit; a limit of 0 is taken away again, a negative one throws half-way. */
const watch = keyedBroadcastOperator<string, Payment, Rule, string>()({
  state: { alarms: cell(() => 0) },
  broadcast: { rules: mapCell<string, Rule>() },
  onRecord(ctx, { cents }) {
    for (const [name, { atLeast }] of ctx.broadcast.rules.entries()) {
      if (cents < atLeast) continue
      ctx.state.alarms.update((n) => n + 1)
      ctx.emit(`${ctx.key} ${name} ${ctx.state.alarms.get()}`)
    }
  },
  onBroadcast(ctx, rule) {
    ctx.emit(`rule ${rule.name}`)
    if (rule.atLeast === 0) ctx.broadcast.rules.delete(rule.name)
    else ctx.broadcast.rules.set(rule.name, rule)
    if (rule.atLeast < 0) {
      ctx.broadcast.rules.clear()
      throw new Error('negative')
    }
  },
  onEnd: (ctx) => ctx.emit(`${ctx.key}: ${ctx.broadcast.rules.size} rules`),
})

const keyed = (onError: 'fail' | 'skip' | 'dead-letter' = 'fail', silent = false): OperatorDefinition =>
  keyedBroadcastDefinition(
    watch as KeyedBroadcastOperator<never, never, never, unknown>,
    (payment: Payment) => payment.card,
    { onError, silent, timed: false },
  )

const rows = ({ unkeyed }: { readonly unkeyed?: { snapshot(): readonly { readonly value: unknown }[] } }) =>
  unkeyed?.snapshot().map(({ value }) => value)

describe('broadcast state', () => {
  it('is read beside the state of the key, and is there in onEnd', () => {
    const { instance, out, end } = openKeyed(keyed())
    instance.onRecord({ card: 'a', cents: 900 })
    instance.onSecond?.({ name: 'large', atLeast: 500 })
    instance.onRecord({ card: 'a', cents: 900 })
    instance.onRecord({ card: 'b', cents: 100 })
    instance.onSecond?.({ name: 'any', atLeast: 1 })
    instance.onRecord({ card: 'a', cents: 600 })
    instance.onSecond?.({ name: 'large', atLeast: 0 })
    end()
    expect(out).toEqual([
      'rule large',
      'a large 1',
      'rule any',
      'a large 2',
      'a any 3',
      'rule large',
      'a: 1 rules',
    ])
  })

  it('BS1: the main side cannot write, by its types and when it runs', () => {
    const declared = broadcastOperator<number, number, number>()({
      broadcast: { seen: mapCell<number, number>() },
      onRecord(ctx, n) {
        expectTypeOf(ctx.broadcast.seen.get(n)).toEqualTypeOf<number | undefined>()
        expectTypeOf(ctx.broadcast.seen).not.toHaveProperty('set')
        const writable = ctx.broadcast.seen as MapCell<number, number>
        writable.set(n, n)
      },
      onBroadcast(ctx, n) {
        expectTypeOf(n).toEqualTypeOf<number>()
        ctx.broadcast.seen.set(n, n)
      },
    })
    const definition = broadcastDefinition(declared as BroadcastOperator<never, never, unknown>, {
      onError: 'fail',
      silent: false,
      timed: false,
    })
    const instance = definition.create(fakeContext({ step: stepName('s') }))
    expect(() => instance.onRecord(1)).toThrowError(
      expect.objectContaining({ code: 'BROADCAST_READ_ONLY', retry: 'fatal' }),
    )
    expect(rows(instance)).toEqual([[['seen', new Map()]]])
  })

  it('BS1: values are frozen, and what no checkpoint can hold is refused when it is written', () => {
    const state = new BroadcastState(stepName('s'), ['m'])
    const map = state.maps['m']
    const value = { list: [1] }
    state.change(() => map?.set('a', value))
    expect(() => value.list.push(2)).toThrowError(TypeError)
    expect(() => state.change(() => map?.set('b', () => 1))).toThrowError(
      expect.objectContaining({ code: expect.stringMatching(/^(VALUE|CODEC)/) as string }),
    )
    expect(map?.size).toBe(1)
  })

  it('BS4: what onBroadcast emits leaves from the first task, and a dead letter too', () => {
    const emitted = [0, 1].map((taskIndex) => {
      const letters: unknown[] = []
      const { instance, out } = openKeyed(keyed('dead-letter'), (definition, context) =>
        guardedInstance(definition, {
          context: { ...context, taskIndex },
          skipped: () => undefined,
          deadLetter: (letter) => letters.push(letter),
        }),
      )
      instance.onSecond?.({ name: 'large', atLeast: 500 })
      instance.onSecond?.({ name: 'bad', atLeast: -1 })
      instance.onRecord({ card: 'a', cents: 500 })
      return { out, letters: letters.length, rows: rows(instance) }
    })
    expect(emitted.map(({ out }) => out)).toEqual([['rule large', 'a large 1'], ['a large 1']])
    expect(emitted.map(({ letters }) => letters)).toEqual([1, 0])
    expect(emitted[0]?.rows).toEqual(emitted[1]?.rows)
  })

  it('P1: a throw undoes what the broadcast side changed', () => {
    const { instance, out } = openKeyed(keyed('skip'), (definition, context) =>
      guardedInstance(definition, { context, skipped: () => undefined }),
    )
    for (const name of ['one', 'two']) instance.onSecond?.({ name, atLeast: 500 })
    const before = rows(instance)
    instance.onSecond?.({ name: 'one', atLeast: -1 })
    expect(rows(instance)).toEqual(before)
    expect(out).toEqual(['rule one', 'rule two'])
  })

  it('is restored, and refused where a map with entries is not declared any more', () => {
    const [first, second] = [openKeyed(keyed()).instance, openKeyed(keyed()).instance]
    first.onSecond?.({ name: 'large', atLeast: 500 })
    second.unkeyed?.restore(first.unkeyed?.snapshot() ?? [])
    expect(rows(second)).toEqual(rows(first))
    const other = new BroadcastState(stepName('s'), ['others'])
    expect(() => other.restore(first.unkeyed?.snapshot() ?? [])).toThrowError(
      expect.objectContaining({ code: 'STATE_INCOMPATIBLE' }),
    )
  })

  it('a broadcast side without event time cannot emit beside one that has it', () => {
    const { instance } = openKeyed(keyed('fail', true))
    expect(() => instance.onSecond?.({ name: 'large', atLeast: 500 })).toThrowError(
      expect.objectContaining({ code: 'EVENT_TIME_MISSING' }),
    )
  })
})

describe('connectBroadcast', () => {
  const streams = () => {
    const made = flow('f')
    const payments = made.source('payments', fromArray<Payment>([]))
    return { made, payments, rules: made.source('rules', fromArray<Rule>([])) }
  }

  it('infers its types, and refuses what does not fit', () => {
    const { payments, rules } = streams()
    const byCard = payments.keyBy('card', ({ card }) => card)
    const out = byCard.connectBroadcast('all', rules).process('w', watch)
    expectTypeOf(out.map('m', (text) => text.length)).not.toBeAny()
    const toPayments = payments.keyBy('c', ({ card }) => card).connectBroadcast('r', payments)
    // @ts-expect-error rules are no payments
    toPayments.process('x', watch)
    expect(() => payments.connectBroadcast('r2', rules).process('y', watch as never)).toThrowError(
      expect.objectContaining({
        code: 'OPERATOR_ILLEGAL',
        message: expect.stringContaining('broadcastOperator'),
      }),
    )
    expect(() =>
      broadcastOperator<number, number, number>()({
        broadcast: { n: cell(() => 0) } as never,
        onRecord: () => undefined,
        onBroadcast: () => undefined,
      }),
    ).toThrowError(expect.objectContaining({ code: 'STATE_CELL' }))
  })

  it('event time: the rules may do without, the main stream may not when they have it', () => {
    const { payments, rules } = streams()
    const timed = rules.eventTime('t', { atMs: () => 0 })
    // @ts-expect-error rules with event time, payments without
    expect(() => payments.connectBroadcast('all', timed)).toThrowError(
      expect.objectContaining({ code: 'EVENT_TIME_MISSING' }),
    )
    payments.eventTime('p', { atMs: () => 0 }).connectBroadcast('some', rules)
    payments.eventTime('q', { atMs: () => 0 }).connectBroadcast('more', timed)
    expect(() => payments.connectBroadcast('other', streams().rules)).toThrowError(
      expect.objectContaining({ code: 'FLOW_FOREIGN' }),
    )
  })

  it('the names of its maps are part of the fingerprint', () => {
    const build = (name: string): string => {
      const { made, payments, rules } = streams()
      const declared = broadcastOperator<Payment, Rule, string>()({
        broadcast: { [name]: mapCell<string, Rule>() },
        onRecord: () => undefined,
        onBroadcast: () => undefined,
      })
      payments.connectBroadcast('all', rules).process('p', declared).sink('out', collect())
      return fingerprint(made.graph())
    }
    expect(build('a')).not.toBe(build('b'))
  })
})
