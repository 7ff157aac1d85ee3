import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stepName } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import { limits } from '../../core/limits.ts'
import type { Key } from '../../core/keys/index.ts'
import { readChunks } from './group-format.ts'
import { KeyedState } from './keyed-state.ts'
import { openGroup } from './restore.ts'
import { cell, stateSchema } from './schema.ts'
import type { TimerDomain, TimerTable } from './timers.ts'

const schema = stateSchema({ n: cell<number>() }, { timers: true })

function open(groups = { from: 0, to: 8 }) {
  const state = new KeyedState({ step: stepName('s'), schema, keyGroups: 8, ...groups })
  invariant(state.timers !== undefined, 'a schema with timers')
  const timers: TimerTable = state.timers
  const all = (domain: TimerDomain = 'event', untilMs = Infinity): unknown[] => {
    const fired: unknown[] = []
    for (let next = timers.take(domain, untilMs); next; next = timers.take(domain, untilMs)) {
      fired.push(`${String(next.key)} ${next.timer.name}@${next.timer.atMs}`)
    }
    return fired
  }
  const on = (key: Key): TimerTable => {
    state.enter(key)
    return timers
  }
  return { state, timers, on, all }
}

/** All sections of a snapshot, restored into another state. */
function snapshotInto(from: KeyedState, to: KeyedState): void {
  const snapshot = from.beginSnapshot()
  while (!snapshot.slice(10));
  for (const { group, chunks } of snapshot.sections()) {
    if (to.owns(group)) to.restore(openGroup(stepName('s'), group, Buffer.concat(chunks)))
  }
}

describe('timers of keys', () => {
  it('H2: fire by time, then key, then name; each once, and only when they are due', () => {
    const { on, all } = open()
    on('b').at('y', 5)
    on(2).at('x', 5)
    on('a').at('y', 5)
    on('a').at('x', 5)
    on(['t', 1]).at('x', 5)
    on(10).at('early', -3)
    expect(all('event', 4)).toEqual(['10 early@-3'])
    expect(all()).toEqual(['2 x@5', 'a x@5', 'a y@5', 'b y@5', 't,1 x@5'])
    expect(all()).toEqual([])
  })

  it('the same name replaces, later or earlier, in either domain; deleting ends it', () => {
    const { on, all } = open()
    on('a').at('gap', 10)
    on('a').at('gap', 30)
    on('b').at('gap', 30)
    on('b').at('gap', 7)
    on('c').at('gap', 1)
    on('c').atClock('gap', 20)
    on('d').at('gap', 2)
    on('d').delete('gap')
    on('e').at('gap', 3)
    on('e').delete('gap')
    on('e').at('gap', 4)
    expect(all('event', 29)).toEqual(['e gap@4', 'b gap@7'])
    expect(all()).toEqual(['a gap@30'])
    expect(all('clock', 19)).toEqual([])
    expect(all('clock', 20)).toEqual(['c gap@20'])
  })

  it('a key that only waits for a timer holds state; one whose last timer went holds none', () => {
    const { state, on, all } = open()
    on('a').at('x', 1)
    expect([state.size, state.keysToEnd()]).toEqual([1, ['a']])
    all()
    expect(state.size).toBe(0)
  })

  it('V1: are in the snapshot as they were when it began, for whichever task owns the key', () => {
    const { state, on, all } = open()
    for (let i = 0; i < 40; i += 1) on(`k${i}`).at('x', i % 4)
    const snapshot = state.beginSnapshot()
    expect(all()).toHaveLength(40)
    while (!snapshot.slice(7));
    const halves = [open({ from: 0, to: 3 }), open({ from: 3, to: 8 })]
    for (const { group, chunks } of snapshot.sections()) {
      for (const half of halves) {
        if (half.state.owns(group)) half.state.restore(openGroup(stepName('s'), group, Buffer.concat(chunks)))
      }
    }
    expect(halves.flatMap((half) => half.all())).toHaveLength(40)
  })

  it('are stored by name, as they always were', () => {
    const { state, on } = open()
    on('a').at('x', 5)
    on('a').atClock('y', 7)
    const snapshot = state.beginSnapshot()
    while (!snapshot.slice(10));
    const [section] = snapshot.sections()
    const [, entries] = [...readChunks(Buffer.concat(section?.chunks ?? []))]
    const timers = new Map([
      ['x', ['event', 5]],
      ['y', ['clock', 7]],
    ])
    expect(entries).toEqual([['a', undefined, timers]])
  })

  it('P1: undoing puts back what a handler replaced and deleted, to fire as before', () => {
    const { state, on, all } = open()
    on('a').at('one', 5)
    on('a').at('two', 6)
    state.enter('a')
    const undo = state.save()
    state.timers?.at('one', 50)
    state.timers?.delete('two')
    state.timers?.at('three', 1)
    undo()
    expect(all()).toEqual(['a one@5', 'a two@6'])
  })

  it('C10: those of a step that ended never fire, nor after a restore', () => {
    const { state, on, all } = open()
    on('a').atClock('x', 5)
    state.markEnded()
    expect(all('clock')).toEqual([])
    const next = open()
    snapshotInto(state, next.state)
    expect([next.state.size, next.all('clock')]).toEqual([1, []])
  })

  it('after the end, timers that set timers end some time, or the step fails', () => {
    const { timers, on } = open()
    on('a').at('tick', 0)
    timers.end()
    const goOn = (times: number): void => {
      for (let i = 0; i < times; i += 1) {
        const fired = timers.take('event', Infinity)
        if (fired) timers.at('tick', fired.timer.atMs + 1)
      }
    }
    goOn(limits.timersInARowMax)
    expect(() => goOn(1)).toThrowError(expect.objectContaining({ code: 'TIMERS_ENDLESS', retry: 'fatal' }))
  })

  it('need a name and a whole number of milliseconds', () => {
    const { on } = open()
    for (const bad of [NaN, Infinity, 0.5, '5' as unknown as number]) {
      expect(() => on('a').at('x', bad)).toThrowError(expect.objectContaining({ code: 'TIMER_ILLEGAL' }))
    }
  })

  it('H3: setting and deleting again and again does not grow without bound', () => {
    const { timers, on } = open()
    for (let i = 0; i < 20_000; i += 1) {
      on(`k${i % 3}`).at('x', 1_000_000 - i)
      if (i % 2 === 0) on(`k${i % 3}`).delete('x')
    }
    expect((timers as unknown as { queues: { event: { size: number } } }).queues.event.size).toBeLessThan(
      2_100,
    )
  })

  it('H1: whatever is done, every timer fires once at its time, also over a restore in between', () => {
    const key = fc.constantFrom<Key>('a', 'b', 1, true)
    const name = fc.constantFrom('x', 'y')
    const atMs = fc.integer({ min: -5, max: 30 })
    const action = fc.oneof(
      fc.record({ at: fc.tuple(key, name, atMs) }),
      fc.record({ atClock: fc.tuple(key, name, atMs) }),
      fc.record({ remove: fc.tuple(key, name) }),
      fc.record({ fire: fc.tuple(fc.constantFrom<TimerDomain>('event', 'clock'), atMs) }),
      fc.constant({ restore: true as const }),
    )
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (script) => {
        let current = open()
        const model = new Map<string, { domain: TimerDomain; atMs: number; name: string }>()
        for (const each of script) {
          if ('at' in each) {
            current.on(each.at[0]).at(each.at[1], each.at[2])
            model.set(`${String(each.at[0])} ${each.at[1]}`, {
              domain: 'event',
              atMs: each.at[2],
              name: each.at[1],
            })
          } else if ('atClock' in each) {
            const [k, n, ms] = each.atClock
            current.on(k).atClock(n, ms)
            model.set(`${String(k)} ${n}`, { domain: 'clock', atMs: ms, name: n })
          } else if ('remove' in each) {
            current.on(each.remove[0]).delete(each.remove[1])
            model.delete(`${String(each.remove[0])} ${each.remove[1]}`)
          } else if ('fire' in each) {
            const [domain, untilMs] = each.fire
            const due = [...model].filter(([, timer]) => timer.domain === domain && timer.atMs <= untilMs)
            const fired = current.all(domain, untilMs)
            expect([...fired].sort()).toEqual(due.map(([id, timer]) => `${id}@${timer.atMs}`).sort())
            for (const [id] of due) model.delete(id)
          } else {
            const next = open()
            snapshotInto(current.state, next.state)
            current = next
          }
        }
      }),
      { numRuns: 500 },
    )
  })
})
