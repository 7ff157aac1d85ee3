import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { play, scripts } from '../testing/script.ts'
import { ExpiringModel, expiringStep, type Ask, type Found } from './testing/expiring.ts'
import { bytesOf, finish, makeState, restoreInto } from './testing/states.ts'
import { cell, listCell, mapCell, type CellDeclarations } from './schema.ts'
import type { TimerDomain } from './timers.ts'

const asks: readonly Ask[] = ['look', 'set', 'put', 'append', 'remove', 'clear', 'timer']

const records = fc.record({
  key: fc.constantFrom('a', 'b'),
  ask: fc.constantFrom(...asks),
  name: fc.constantFrom('x', 'y'),
  // Around the watermark: some records are late.
  offMs: fc.integer({ min: -4, max: 12 }),
})

const manners = fc.record({
  ttlMs: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constant(40)),
  renewOn: fc.constantFrom('write' as const, 'read-write' as const),
})

/** The deadline tables of a state with cells `n`, `seen` and `log`, all by the same time. */
const declarations = (ttlMs: number, time: TimerDomain = 'event') => ({
  n: cell<number>({ ttlMs, time }),
  seen: mapCell<string, number>({ ttlMs, time }),
  log: listCell<string>({ ttlMs, time }),
})

function open<D extends CellDeclarations>(cells: D, range: Parameters<typeof makeState>[1] = {}) {
  const made = makeState(cells, range)
  const { state } = made
  let nowMs = -Infinity
  const clock = { nowMs: () => nowMs }
  return {
    ...made,
    /** Makes the key current at a time of both kinds. */
    at(key: string, ms: number): typeof made.cells {
      nowMs = ms
      state.enter(key)
      state.ttl?.begin(ms, clock)
      return made.cells
    },
    /** Fires what is due by then; answers at which times. */
    reach(domain: TimerDomain, untilMs: number): number[] {
      const fired: number[] = []
      nowMs = untilMs
      for (let due = state.timers?.take(domain, untilMs); due; due = state.timers?.take(domain, untilMs)) {
        fired.push(due.timer.atMs)
        state.ttl?.begin(untilMs, clock)
        state.ttl?.sweep(domain, due.timer.atMs)
      }
      return fired
    },
  }
}

describe('time-to-live', () => {
  it.each(['event', 'clock'] as const)(
    'X1, X2, X3 by %s time: handlers find what keeping everything and comparing times finds, over any restart, and it goes',
    (time) => {
      fc.assert(
        fc.property(scripts(fc, records), manners, (script, { ttlMs, renewOn }) => {
          const found: Found[] = []
          const step = expiringStep({ ttlMs, renewOn, time }, found)
          const model = new ExpiringModel({ ttlMs, renewOn })
          play(script, step, time, {
            record(each, id, nowMs) {
              const atMs = time === 'event' ? nowMs + each.offMs : nowMs
              step.first({ id, ...each }, ...(time === 'event' ? [atMs] : []))
              model.record({ id, ...each }, time === 'event' ? Math.max(atMs, step.watermark) : nowMs)
            },
            reached: (nowMs) => model.reach(nowMs, time),
          })
          expect(found).toEqual(model.found)
          expect(step.keys).toBe(0)
        }),
        { numRuns: 500 },
      )
    },
  )

  it('X2: writing again and again sets no timer; the sweep puts itself off', () => {
    const { state, at, reach } = open(declarations(1_000))
    const sweeps: number[] = []
    for (let ms = 0; ms <= 2_500; ms += 1) {
      at('a', ms).n.set(ms)
      sweeps.push(...reach('event', ms))
    }
    sweeps.push(...reach('event', 3_500))
    expect(sweeps).toEqual([1_000, 2_000, 3_000, 3_500])
    expect(state.size).toBe(0)
    const queues = (state.timers as unknown as { queues: { event: { size: number } } }).queues
    expect(queues.event.size).toBe(0)
  })

  it('X2: many entries with a deadline each are swept a few times, not each at its own', () => {
    const { state, at, reach } = open(declarations(1_600))
    for (let ms = 0; ms < 1_600; ms += 1) at('a', ms).seen.set(`e${ms}`, ms)
    expect(at('a', 1_600).seen.size).toBe(1_599)
    const sweeps = reach('event', 10_000)
    expect(sweeps[0]).toBe(1_600)
    expect(sweeps.length).toBeLessThanOrEqual(18)
    expect(state.size).toBe(0)
  })

  it('X2: a shorter time-to-live beside a longer one brings the sweep forward', () => {
    const { state, at, reach } = open({
      long: cell<number>({ ttlMs: 1_000, time: 'event' }),
      short: cell<number>({ ttlMs: 10, time: 'event' }),
    })
    at('a', 0).long.set(1)
    at('a', 0).short.set(2)
    expect(reach('event', 10)).toEqual([10])
    expect(state.find('a')?.slots.slice(0, 2)).toEqual([1, undefined])
    expect(reach('event', 5_000)).toEqual([1_000])
    expect(state.size).toBe(0)
  })

  it('X3: by event time an older record leaves the deadline where it is; a clock that was set back does not', () => {
    const { state, at, reach } = open({
      ...declarations(10),
      clocked: cell<number>({ ttlMs: 10, time: 'clock' }),
    })
    for (const ms of [500, 495]) {
      const { n, clocked } = at('a', ms)
      n.set(ms)
      clocked.set(ms)
    }
    expect([at('a', 509).n.get(), at('a', 509).clocked.get()]).toEqual([495, undefined])
    expect([reach('clock', 505), reach('event', 509), reach('event', 510)]).toEqual([[505], [], [510]])
    expect(state.size).toBe(0)
  })

  it('X4: the end of the input expires nothing, and the clock goes on', () => {
    const { state, at, reach } = open({
      ...declarations(10),
      clocked: cell<number>({ ttlMs: 10, time: 'clock' }),
    })
    at('a', 0).n.set(1)
    at('b', 0).clocked.set(2)
    expect(reach('event', Infinity)).toEqual([])
    expect(reach('clock', 10)).toEqual([10])
    expect(state.keysToEnd()).toEqual(['a'])
    expect(at('a', 9).n.get()).toBe(1)
  })

  it('X5: what was written before any time was known counts from the first sweep', () => {
    const { state, at, reach } = open(declarations(10))
    at('a', -Infinity).log.append('early')
    expect(at('a', 1_000_000).log.values()).toEqual(['early'])
    reach('event', 500)
    expect(at('a', 509).log.length).toBe(1)
    expect(at('a', 510).log.length).toBe(0)
    reach('event', 600)
    expect(state.size).toBe(0)
  })

  it('X5: state of code that had no time-to-live gets it when it is restored, and keeps its values without', () => {
    const plain = open({ n: cell<number>(), seen: mapCell<string, number>(), log: listCell<string>() })
    const write = (cells: typeof plain.cells): void => {
      cells.n.set(1)
      cells.seen.set('x', 2)
      cells.log.append('y')
    }
    write(plain.at('a', 0))
    const expiring = open(declarations(10))
    restoreInto(expiring.state, finish(plain.state.beginSnapshot()))
    expect(expiring.at('a', 1_000).n.get()).toBe(1)
    expiring.reach('event', 100)
    const back = open({ n: cell<number>(), seen: mapCell<string, number>(), log: listCell<string>() })
    restoreInto(back.state, finish(expiring.state.beginSnapshot()))
    const values = back.at('a', 1_000_000)
    expect([values.n.get(), [...values.seen.entries()], values.log.values()]).toEqual([1, [['x', 2]], ['y']])
    expiring.reach('event', 200)
    expect(expiring.state.size).toBe(0)
  })

  it('X5: deadlines of another time, or of a cell of another kind, are not those of the new one', () => {
    const before = open(declarations(10, 'clock'))
    const cells = before.at('a', 5_000_000)
    cells.n.set(1)
    cells.seen.set('x', 2)
    const after = open(
      { n: cell<number>({ ttlMs: 10, time: 'event' }), seen: cell<number>({ ttlMs: 10, time: 'clock' }) },
      { version: 2, migrate: ({ n, seen }) => ({ n, seen: (seen as Map<string, number>).get('x') }) },
    )
    restoreInto(after.state, finish(before.state.beginSnapshot()))
    after.reach('event', 0)
    after.reach('clock', 0)
    const values = after.at('a', 9)
    expect([values.n.get(), values.seen.get()]).toEqual([1, 2])
    after.reach('event', 20)
    after.reach('clock', 20)
    expect(after.state.size).toBe(0)
  })

  it('V1: deadlines are in the snapshot as they were, and move with their key group to whichever task owns it', () => {
    const { state, at, reach } = open(declarations(10))
    for (let i = 0; i < 40; i += 1) at(`k${i}`, i % 4).n.set(i)
    const snapshot = state.beginSnapshot()
    reach('event', 1_000)
    const sections = finish(snapshot)
    const halves = [open(declarations(10), { from: 0, to: 3 }), open(declarations(10), { from: 3, to: 8 })]
    for (const half of halves) restoreInto(half.state, sections)
    const sizes = (): number => halves.reduce((sum, half) => sum + half.state.size, 0)
    expect(sizes()).toBe(40)
    for (const half of halves) half.reach('event', 11)
    expect(sizes()).toBe(20)
    for (const half of halves) half.reach('event', 13)
    expect(sizes()).toBe(0)
  })

  it('P1: undoing puts deadlines back, to expire as before', () => {
    const { state, at, reach } = open(declarations(10))
    at('a', 0).n.set(1)
    const cells = at('a', 9)
    const undo = state.save()
    cells.n.set(2)
    cells.log.append('x')
    undo()
    expect(at('a', 9).n.get()).toBe(1)
    expect(reach('event', 10)).toEqual([10])
    expect(state.size).toBe(0)
  })

  it('a snapshot of expiring state is as small as what has not been swept', () => {
    const { state, at, reach } = open(declarations(10))
    for (let i = 0; i < 1_000; i += 1) {
      at(`k${i}`, i).n.set(i)
      reach('event', i)
    }
    const bytes = finish(state.beginSnapshot()).reduce((sum, section) => sum + bytesOf(section).length, 0)
    expect(state.size).toBeLessThanOrEqual(11)
    expect(bytes).toBeLessThan(4_000)
  })
})
