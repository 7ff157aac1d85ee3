/** Time-to-live as a flow meets it: what is refused when the graph is built, and what is warned of. */
import { describe, expect, it } from 'vitest'
import { count } from '../aggregates/index.ts'
import { fingerprint } from '../fingerprint.ts'
import { flow } from '../flow.ts'
import { collect } from '../sinks/index.ts'
import { fromGenerator } from '../sources/index.ts'
import { coOperator } from '../steps/co-process.ts'
import { operator } from '../steps/process.ts'
import { flowWarnings } from '../warnings.ts'
import { cell, listCell, mapCell, type CellDeclarations } from './schema.ts'
import type { StateTtl } from './ttl-options.ts'

const endless = fromGenerator({ count: Infinity, at: (n) => n })

const step = (state: CellDeclarations, onTimer?: () => void) =>
  operator<number, number, number>()({ state, onRecord: () => undefined, ...(onTimer && { onTimer }) })

const flowOf = (
  state: CellDeclarations,
  { timed = false, onTimer }: { timed?: boolean; onTimer?: () => void } = {},
) => {
  const made = flow('f')
  const numbers = made.source('numbers', endless)
  const keyed = timed
    ? numbers.eventTime('time', { atMs: (n) => n }).keyBy('key', (n) => n)
    : numbers.keyBy('key', (n) => n)
  keyed.process('kept', step(state, onTimer)).sink('out', collect())
  return made.graph()
}

const ttlTimes = (graph: ReturnType<typeof flowOf>): unknown => {
  const kept = [...graph.steps.values()].find(({ name }) => name === 'kept')
  return kept?.kind === 'operator' && kept.definition.keyed?.state.ttl?.cells.map(({ time }) => time)
}

describe('time-to-live in flows', () => {
  it.each<readonly [StateTtl, string]>([
    [{ ttlMs: 0 }, "ttlMs of the cell 'n' must be a whole number ≥ 1, got 0"],
    [{ ttlMs: -5 }, "ttlMs of the cell 'n' must be a whole number ≥ 1, got -5"],
    [{ ttlMs: NaN }, "ttlMs of the cell 'n' must be a whole number ≥ 1, got NaN"],
    [{ ttlMs: Infinity }, "ttlMs of the cell 'n' must be a whole number ≥ 1, got Infinity"],
    [{ ttlMs: 0.5 }, "ttlMs of the cell 'n' must be a whole number ≥ 1, got 0.5"],
    [{ ttlMs: '5' as never }, `ttlMs of the cell 'n' must be a whole number ≥ 1, got "5"`],
    [
      { ttlMs: 5, time: 'processing' as never },
      `time of the cell 'n' must be 'event' or 'clock', got "processing"`,
    ],
    [
      { ttlMs: 5, renewOn: 'read' as never },
      `renewOn of the cell 'n' must be 'write' or 'read-write', got "read"`,
    ],
  ])('refuses %j', (ttl, message) => {
    for (const declared of [
      cell<number>(ttl),
      cell(() => 0, ttl),
      mapCell<string, number>(ttl),
      listCell<number>(ttl),
    ]) {
      expect(() => step({ n: declared })).toThrowError(
        expect.objectContaining({ code: 'STATE_TTL', retry: 'fatal', message }),
      )
    }
  })

  it('refuses event time without eventTime, for one input and two', () => {
    const state = { n: cell<number>({ ttlMs: 5, time: 'event' }) }
    const missing = expect.objectContaining({
      code: 'EVENT_TIME_MISSING',
      message: expect.stringContaining("'kept'"),
    })
    expect(() => flowOf(state)).toThrowError(missing)
    const made = flow('f')
    const of = (name: string) => made.source(name, endless).keyBy(`${name}-key`, (n) => n)
    const both = coOperator<number, number, number, number>()({
      state,
      onLeft: () => undefined,
      onRight: () => undefined,
    })
    of('left').connect(of('right')).process('kept', both).sink('out', collect())
    expect(() => made.graph()).toThrowError(missing)
  })

  it('goes by event time where the stream has it, else by the clock, unless the cell says which', () => {
    const state = { a: cell<number>({ ttlMs: 5 }), b: cell<number>({ ttlMs: 5, time: 'clock' }) }
    expect(ttlTimes(flowOf(state, { timed: true }))).toEqual(['event', 'clock'])
    expect(ttlTimes(flowOf(state))).toEqual(['clock', 'clock'])
  })

  describe('of .reduce and .aggregate', () => {
    const folded = (ttl: StateTtl | undefined, { timed = false } = {}) => {
      const made = flow('f')
      const numbers = made.source('numbers', endless)
      const keyed = timed
        ? numbers.eventTime('time', { atMs: (n) => n }).keyBy('key', (n) => n)
        : numbers.keyBy('key', (n) => n)
      const options = ttl && { ttl }
      keyed.reduce('sum', (a, b) => a + b, options).sink('sums', collect())
      keyed.aggregate('total', count(), { ...options, emitOn: 'end' }).sink('totals', collect())
      return made.graph()
    }
    const timesOf = (graph: ReturnType<typeof folded>): unknown[] =>
      [...graph.steps.values()].flatMap((each) =>
        each.kind === 'operator' && each.definition.keyed
          ? (each.definition.keyed.state.ttl?.cells.map(({ time }) => time) ?? [])
          : [],
      )

    it.each<readonly [StateTtl, string]>([
      [{ ttlMs: 0 }, "ttlMs of 'sum' must be a whole number ≥ 1, got 0"],
      [{} as never, "ttlMs of 'sum' must be a whole number ≥ 1, got undefined"],
      [
        { ttlMs: 5, time: 'processing' as never },
        `time of 'sum' must be 'event' or 'clock', got "processing"`,
      ],
      [
        { ttlMs: 5, renewOn: 'read' as never },
        `renewOn of 'sum' must be 'write' or 'read-write', got "read"`,
      ],
      [5 as never, "the time-to-live of 'sum' must be an object such as { ttlMs: 60_000 }, got 5"],
      [null as never, "the time-to-live of 'sum' must be an object such as { ttlMs: 60_000 }, got null"],
    ])('refuses %j', (ttl, message) => {
      const keyed = flow('f')
        .source('numbers', endless)
        .keyBy('key', (n) => n)
      const illegal = expect.objectContaining({ code: 'STATE_TTL', retry: 'fatal', message })
      expect(() => keyed.reduce('sum', (a, b) => a + b, { ttl })).toThrowError(illegal)
      expect(() => keyed.aggregate('sum', count(), { ttl })).toThrowError(illegal)
    })

    it('refuses event time without eventTime, else takes what the stream has', () => {
      expect(() => folded({ ttlMs: 5, time: 'event' })).toThrowError(
        expect.objectContaining({
          code: 'EVENT_TIME_MISSING',
          message: expect.stringContaining("'sum'"),
        }),
      )
      expect(timesOf(folded({ ttlMs: 5 }))).toEqual(['clock', 'clock'])
      expect(timesOf(folded({ ttlMs: 5 }, { timed: true }))).toEqual(['event', 'event'])
      expect(timesOf(folded({ ttlMs: 5, time: 'clock' }, { timed: true }))).toEqual(['clock', 'clock'])
    })

    it('STATE_UNBOUNDED warns of each by its name where there is none', () => {
      expect(flowWarnings(folded(undefined)).map(({ code, step: name }) => [code, name])).toEqual([
        ['STATE_UNBOUNDED', 'sum'],
        ['STATE_UNBOUNDED', 'total'],
      ])
      expect(flowWarnings(folded({ ttlMs: 5 }))).toEqual([])
    })

    it('C5: the fingerprint knows whether there is one, and not how long it is', () => {
      const [none, short, long] = [undefined, { ttlMs: 5 }, { ttlMs: 50 }].map((ttl) =>
        fingerprint(folded(ttl)),
      )
      expect(short).toBe(long)
      expect(short).not.toBe(none)
    })
  })

  it('STATE_UNBOUNDED warns of cells that nothing empties: neither a time-to-live nor timers', () => {
    const ttl = { ttlMs: 5 }
    const warned = (...given: Parameters<typeof flowOf>): string[] =>
      flowWarnings(flowOf(...given)).map(
        ({ step: name, code, message }) => `${code} ${name} ${message.includes("'n'")}`,
      )
    expect(warned({ n: cell<number>(), m: cell<number>(ttl) })).toEqual(['STATE_UNBOUNDED kept true'])
    expect(
      warned({ n: cell<number>(ttl), m: mapCell<string, number>(ttl), l: listCell<number>(ttl) }),
    ).toEqual([])
    expect(warned({ n: cell<number>() }, { onTimer: () => undefined })).toEqual([])
    expect(warned({})).toEqual([])
  })

  it("the timers and the slot of the engine's own have names that users cannot take", () => {
    expect(() => step({ '(ttl)': cell() })).toThrowError(expect.objectContaining({ code: 'STATE_CELL' }))
  })
})
