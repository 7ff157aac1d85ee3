import { describe, expect, it } from 'vitest'
import type { OperatorContext, SplitRegister, UnkeyedSection } from '../operator.ts'
import { resolveEventTime, type EventTimeOptions } from '../event-time-options.ts'
import { fakeContext } from '../testing/context.ts'
import { eventTimeOperator } from './event-time.ts'
import { guardedInstance } from './poison.ts'

interface Row {
  readonly atMs: number
}

const yearMs = 365 * 24 * 3_600_000

function open(options: Partial<EventTimeOptions<Row>> = {}, names?: readonly string[]) {
  const splits: SplitRegister | undefined = names && {
    splits: names,
    current: 0,
    visits: names.map(() => 0),
    ended: names.map(() => false),
  }
  const context = fakeContext(splits ? { splits } : {})
  const definition = eventTimeOperator(resolveEventTime('time', { atMs: (row: Row) => row.atMs, ...options }))
  const instance = definition.create(context)
  const put = (split: number, ...times: number[]): void => {
    if (splits) splits.current = split
    for (const atMs of times) instance.onRecord({ atMs })
  }
  const out = (inMs = -Infinity) => instance.watermarkOut?.(inMs, false)
  return { instance, definition, context, splits, put, out }
}

const illegal = (options: unknown): unknown => {
  try {
    return resolveEventTime('time', options as EventTimeOptions<Row>)
  } catch (error) {
    return (error as { code?: unknown }).code
  }
}

describe('eventTime', () => {
  it('stamps records, and says that none at or below highest − lateness − 1 is to come', () => {
    const { context, put, out } = open({ latenessMaxMs: 10 })
    expect(out()).toEqual({ atMs: -Infinity, idle: false })
    put(0, 100, 95, -7)
    expect([context.emittedMs, out()]).toEqual([[100, 95, -7], { atMs: 89, idle: false }])
  })

  it('the lowest of the splits holds; an ended one does not; it never goes back', () => {
    const { put, out, splits } = open({}, ['a', 'b'])
    put(0, 100)
    expect(out()?.atMs).toBe(-Infinity)
    put(1, 50)
    expect(out()?.atMs).toBe(49)
    if (splits) splits.ended[1] = true
    expect(out()?.atMs).toBe(99)
    if (splits) splits.ended[0] = true
    expect([out(), out(Infinity)?.atMs]).toEqual([{ atMs: 99, idle: false }, Infinity])
  })

  it('C10: what splits knew last holds when all ended, also before it was asked for', () => {
    const { put, out, splits } = open({}, ['a', 'b'])
    put(0, 100)
    put(1, 50)
    splits?.ended.fill(true)
    expect(out()).toEqual({ atMs: 99, idle: false })
  })

  it('a watermark from further up means nothing, unless it is the end', () => {
    const { put, out } = open()
    put(0, 10)
    expect([out(500)?.atMs, out(Infinity)?.atMs]).toEqual([9, Infinity])
  })

  it('W1: a split’s watermark goes with it, to whichever task reads it', () => {
    const first = open({}, ['a', 'b'])
    first.put(0, 100)
    first.put(1, 60)
    const sections = first.instance.unkeyed?.snapshot() ?? []
    expect(sections).toEqual([
      { scope: { kind: 'split', split: 'a' }, value: { watermarkMs: 99 } },
      { scope: { kind: 'split', split: 'b' }, value: { watermarkMs: 59 } },
    ])
    const only = open({ latenessMaxMs: 1_000 }, ['b'])
    only.instance.unkeyed?.restore(
      sections.filter(({ scope }) => scope.kind === 'split' && scope.split === 'b'),
    )
    expect(only.out()?.atMs).toBe(59)
    only.put(0, 70)
    expect(only.out()?.atMs).toBe(59)
    const grown = open({}, ['a', 'new'])
    grown.instance.unkeyed?.restore(sections.slice(0, 1))
    expect(grown.out()?.atMs).toBe(-Infinity)
  })

  it('W1: without a source in the task the lowest of what falls to it floors it', () => {
    const behind = open()
    const list = (watermarkMs: number): UnkeyedSection => ({
      scope: { kind: 'list' },
      value: { watermarkMs },
    })
    behind.instance.unkeyed?.restore([list(30), list(20)])
    expect(behind.out()?.atMs).toBe(20)
    expect(behind.instance.unkeyed?.snapshot()).toEqual([
      { scope: { kind: 'list' }, value: { watermarkMs: 20 } },
    ])
  })

  it.each([NaN, 1.5, Infinity, '7' as unknown as number, 2 ** 60, yearMs + 1])(
    'a time that cannot be one, %s, is a record error and moves nothing',
    (atMs) => {
      const { put, out } = open()
      put(0, 5, yearMs)
      expect(() => put(0, atMs)).toThrowError(
        expect.objectContaining({ code: 'EVENT_TIME_ABSURD', retry: 'record' }),
      )
      expect(out()?.atMs).toBe(yearMs - 1)
    },
  )

  it('what is far ahead is told by the clock as it is then', () => {
    const { put, context, out } = open({ farFutureMs: 10 })
    expect(() => put(0, 30)).toThrowError(/farFutureMs/)
    context.virtual.after(20, () => undefined)
    context.virtual.runNext()
    put(0, 30)
    expect(out()?.atMs).toBe(29)
  })

  it('P1: under onAbsurd dead-letter the others go on, at their own times', () => {
    const dead: unknown[] = []
    const emitted: unknown[] = []
    const context: OperatorContext = fakeContext({
      emit: (row) => void emitted.push([row, context.time.recordMs]),
    })
    const definition = eventTimeOperator(
      resolveEventTime('time', { atMs: (row: Row) => row.atMs, onAbsurd: 'dead-letter' }),
    )
    const instance = guardedInstance(definition, {
      context,
      skipped: () => undefined,
      deadLetter: (letter) => void dead.push(letter),
    })
    for (const atMs of [1, NaN, 3]) instance.onRecord({ atMs })
    expect([emitted, dead.length, instance.watermarkOut?.(0, false).atMs]).toEqual([
      [
        [{ atMs: 1 }, 1],
        [{ atMs: 3 }, 3],
      ],
      1,
      2,
    ])
  })

  it('a generator of the user’s is asked, one a split, and cannot take the watermark back or end it', () => {
    let answer = 0
    const { put, out } = open({
      generator: () => ({
        onRecord: (atMs) => (answer = Math.max(answer, atMs - 100)),
        current: () => answer,
      }),
    })
    put(0, 500)
    expect(out()?.atMs).toBe(400)
    answer = 10
    expect(out()?.atMs).toBe(400)
    for (const bad of [Infinity, NaN]) {
      answer = bad
      expect(() => out()).toThrowError(expect.objectContaining({ code: 'WATERMARK_ILLEGAL', retry: 'fatal' }))
    }
  })

  it('an idle split holds nothing back; all idle is said; the next record brings it back', () => {
    const { put, out, splits, context } = open({ idleMs: 40 }, ['a', 'b'])
    put(0, 100)
    const quiet = (): void => {
      for (let i = 0; i < 5; i += 1) {
        out()
        context.virtual.runNext()
        splits?.visits.forEach((count, k) => (splits.visits[k] = count + 1))
      }
    }
    out()
    for (let i = 0; i < 5; i += 1) {
      put(0, 100 + i)
      quiet()
    }
    expect(out()).toEqual({ atMs: 103, idle: true })
    put(1, 50)
    expect(out()).toEqual({ atMs: 103, idle: false })
    put(1, 300)
    expect(out()).toEqual({ atMs: 299, idle: false })
  })

  it('C10: an idle split does not take back what an ended one knew last', () => {
    const { put, out, splits, context } = open({ idleMs: 40 }, ['a', 'b'])
    put(0, 100)
    if (splits) splits.ended[0] = true
    expect(out()).toEqual({ atMs: -Infinity, idle: false })
    for (let i = 0; i < 4; i += 1) {
      context.virtual.runNext()
      if (splits) splits.visits[1] = (splits.visits[1] ?? 0) + 1
      out()
    }
    expect(out()).toEqual({ atMs: 99, idle: true })
  })

  it('options are checked', () => {
    const atMs = (row: Row): number => row.atMs
    expect(illegal(undefined)).toBe('FUNCTION_MISSING')
    for (const options of [
      { atMs, latenessMaxMs: -1 },
      { atMs, latenessMaxMs: 0.5 },
      { atMs, idleMs: 0 },
      { atMs, farFutureMs: NaN },
      { atMs, onAbsurd: 'drop' },
      { atMs, latenessMaxMs: 1, generator: () => ({}) },
    ]) {
      expect(illegal(options)).toBe('OPTION_ILLEGAL')
    }
  })
})
