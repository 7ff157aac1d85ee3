/** `.reduce` and `.aggregate` whose values expire: X1 to X5 of `state/ttl.ts`, as their results show them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StepDriver } from '../testing/driver.ts'
import { play, scripts } from '../testing/script.ts'
import type { StateTtl } from '../state/ttl-options.ts'
import { aggregateOperator, reduceOperator, type EmitOn } from './aggregate.ts'

interface Row {
  readonly key: string
  readonly ids: readonly number[]
}

const optionsOf = (ttl: StateTtl | undefined, emitOn: EmitOn = 'record') => ({
  keyOf: ({ key }: Row) => key,
  emitOn,
  onError: 'fail' as const,
  ttl,
})

/** Both gather the ids of a key's records; one in place, one anew each time. */
const folds = {
  aggregate: (ttl?: StateTtl, emitOn?: EmitOn) =>
    aggregateOperator<Row, number[], Row>(
      {
        init: () => [],
        add: (ids, row) => {
          ids.push(...row.ids)
          return ids
        },
        result: (ids, key) => ({ key: String(key), ids: [...ids] }),
      },
      optionsOf(ttl, emitOn),
    ),
  reduce: (ttl?: StateTtl, emitOn?: EmitOn) =>
    reduceOperator<Row>(
      (value, { key, ids }) => ({ key, ids: [...value.ids, ...ids] }),
      optionsOf(ttl, emitOn),
    ),
}

const row = (key: string, id: number): Row => ({ key, ids: [id] })

/** Keeps every value, with its deadline. */
class FoldModel {
  readonly shown: Row[] = []
  private readonly ttlMs: number
  private readonly values = new Map<string, { ids: number[]; deadlineMs: number }>()

  constructor(ttlMs: number) {
    this.ttlMs = ttlMs
  }

  record(key: string, id: number, nowMs: number): void {
    const before = this.values.get(key)
    const valid = before && nowMs < before.deadlineMs ? before : { ids: [], deadlineMs: -Infinity }
    const deadlineMs = Math.max(valid.deadlineMs, nowMs + this.ttlMs)
    this.values.set(key, { ids: [...valid.ids, id], deadlineMs })
    this.shown.push({ key, ids: [...valid.ids, id] })
  }
}

/** Around the watermark, in any order; what would be late comes right behind it. */
const records = fc.record({ key: fc.constantFrom('a', 'b'), offMs: fc.integer({ min: -4, max: 12 }) })

const manners = fc.record({
  ttlMs: fc.integer({ min: 1, max: 20 }),
  renewOn: fc.constantFrom('write' as const, 'read-write' as const),
})

describe.each(Object.entries(folds))('%s with a time-to-live', (_, fold) => {
  it.each(['event', 'clock'] as const)(
    'X1, X2, X3 by %s time: shows what keeping everything and comparing times shows, over any restart, and lets go of it',
    (time) => {
      fc.assert(
        fc.property(scripts(fc, records), manners, (script, { ttlMs, renewOn }) => {
          const step = new StepDriver(fold({ ttlMs, renewOn, time }))
          const model = new FoldModel(ttlMs)
          play(script, step, time, {
            record({ key, offMs }, id, nowMs) {
              const atMs = time === 'event' ? Math.max(nowMs + offMs, step.watermark + 1) : nowMs
              step.first(row(key, id), ...(time === 'event' ? [atMs] : []))
              model.record(key, id, atMs)
            },
          })
          expect(step.rows()).toEqual(model.shown)
          expect(step.keys).toBe(0)
        }),
        { numRuns: 300 },
      )
    },
  )

  it('X2: the key goes from state when the watermark reaches its deadline, also after a restart', () => {
    const step = new StepDriver(fold({ ttlMs: 10, time: 'event' }))
    step.first(row('a', 1), 100)
    step.first(row('b', 2), 105)
    step.restart()
    step.advance(109)
    expect(step.keys).toBe(2)
    step.advance(110)
    expect(step.keys).toBe(1)
    step.restart()
    step.advance(115)
    expect(step.keys).toBe(0)
    step.first(row('b', 3), 116)
    expect(step.rows().at(-1)).toEqual(row('b', 3))
  })

  it('X4: the end expires nothing: it shows what the watermark had left, and no more', () => {
    const step = new StepDriver(fold({ ttlMs: 10, time: 'event' }, 'end'))
    step.first(row('a', 1), 100)
    step.first(row('b', 2), 105)
    step.advance(112)
    step.restart()
    step.end()
    expect(step.rows()).toEqual([row('b', 2)])
  })

  it('X5: values of code without a time-to-live get one, and keep what they are where it is taken away', () => {
    const step = new StepDriver(fold())
    step.first(row('a', 1), 100)
    step.restart(fold({ ttlMs: 10, time: 'event' }))
    step.first(row('b', 2), 150)
    step.advance(149)
    step.first(row('a', 3), 155)
    expect(step.rows().at(-1)).toEqual({ key: 'a', ids: [1, 3] })
    step.restart(fold())
    step.advance(10_000)
    step.first(row('b', 4), 10_001)
    expect(step.rows().at(-1)).toEqual({ key: 'b', ids: [2, 4] })
    expect(step.keys).toBe(2)
  })
})

describe('a value that the user takes away', () => {
  it.each([undefined, { ttlMs: 10, time: 'event' as const }])(
    'by answering undefined: the key holds nothing, with time-to-live %j',
    (ttl) => {
      const last = reduceOperator<Row>((_before, { key, ids }) => (ids[0] === 0 ? undefined : { key, ids }) as Row, optionsOf(ttl, 'end')) // prettier-ignore
      const step = new StepDriver(last)
      for (const id of [1, 0]) step.first(row('a', id), 100 + id)
      step.first(row('b', 5), 103)
      expect(step.keys).toBe(1)
      step.end()
      expect(step.rows()).toEqual([row('b', 5)])
    },
  )
})

describe('a value that would be a promise', () => {
  it('is refused where it expires as where it does not', () => {
    const slow = aggregateOperator(
      { init: () => 0, add: (async () => 1) as never },
      optionsOf({ ttlMs: 10, time: 'clock' }),
    )
    const refused = expect.objectContaining({ code: 'OPERATOR_ASYNC' })
    expect(() => new StepDriver(slow).first(row('a', 1))).toThrowError(refused)
  })
})
