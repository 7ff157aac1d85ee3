import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Key } from '../../core/keys/index.ts'
import type { Entry } from './cells.ts'
import { TimerQueue, type PendingTimer } from './timer-queue.ts'

const entryOf = (key: Key): Entry => ({
  key,
  group: 0,
  mark: 0,
  attached: true,
  slots: [],
  derived: undefined,
})

const ranks = ['number', 'string', 'bigint', 'boolean', 'object']

/** The order of firing, as a number a timer: keys here have one character, or are numbers of one digit. */
const rankOf = ({ key, name, atMs }: PendingTimer): string =>
  `${atMs + 500} ${ranks.indexOf(typeof key)} ${String(key)} ${name}`

const show = (timer: PendingTimer | undefined): string | undefined =>
  timer && `${rankOf(timer)} ${timer.hops}`

function drain(queue: TimerQueue): PendingTimer[] {
  const popped: PendingTimer[] = []
  for (let next = queue.pop(); next; next = queue.pop()) popped.push(next)
  return popped
}

describe('timers that wait', () => {
  it('H2: come by time, then key, then name, however they were pushed, popped and replaced', () => {
    const entries = ['a', 'b', 1, 2, true, ['t', 1]].map((key) => entryOf(key as Key))
    const timer = fc
      .record({
        entry: fc.constantFrom(...entries),
        name: fc.constantFrom('x', 'y'),
        atMs: fc.integer({ min: -2, max: 3 }),
        hops: fc.constant(0),
      })
      .map((drawn): PendingTimer => ({ ...drawn, key: drawn.entry.key }))
    const action = fc.oneof(
      { weight: 4, arbitrary: fc.record({ push: timer }) },
      // In the order in which a firing sets them.
      {
        weight: 2,
        arbitrary: fc
          .array(timer, { maxLength: 6 })
          .map((some) => ({ pushSorted: [...some].sort((a, b) => (rankOf(a) < rankOf(b) ? -1 : 1)) })),
      },
      { weight: 4, arbitrary: fc.constant({ pop: true as const }) },
      // Each sets its next one, as windows do.
      { weight: 2, arbitrary: fc.record({ again: fc.integer({ min: 1, max: 5 }), atMs: fc.nat(3) }) },
      { weight: 1, arbitrary: fc.record({ keep: fc.nat(3) }) },
    )
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (script) => {
        const queue = new TimerQueue()
        let model: PendingTimer[] = []
        const push = (each: PendingTimer): void => {
          queue.push(each.entry, each.name, each.atMs, each.hops)
          model.push(each)
        }
        const sort = (): void => void model.sort((a, b) => (rankOf(a) < rankOf(b) ? -1 : 1))
        for (const each of script) {
          if ('push' in each) push(each.push)
          else if ('pushSorted' in each) each.pushSorted.forEach(push)
          else if ('again' in each) {
            for (let turn = 0; turn < each.again; turn += 1) {
              sort()
              const next = model.shift()
              expect(show(queue.pop())).toBe(show(next))
              if (next) push({ ...next, atMs: each.atMs })
            }
          } else if ('keep' in each) {
            const kept = [...queue.values()].filter((_, i) => i % 4 !== each.keep)
            queue.replace(kept)
            model = kept
          } else {
            sort()
            expect(show(queue.peek())).toBe(show(model[0]))
            expect(show(queue.pop())).toBe(show(model.shift()))
          }
          expect(queue.size).toBe(model.length)
        }
        sort()
        expect([...queue.values()].map(show).sort()).toEqual(model.map(show).sort())
        expect(drain(queue).map(show)).toEqual(model.map(show))
      }),
      { numRuns: 500 },
    )
  })

  it('H2: one that is set late, to fire before its turn, does not pass for one in order', () => {
    const queue = new TimerQueue()
    const [a, b] = [entryOf('a'), entryOf('b')]
    queue.push(b, 'x', 1, 0)
    expect(queue.pop()?.key).toBe('b')
    queue.push(a, 'x', 1, 0)
    queue.push(b, 'x', 2, 0)
    expect(queue.pop()?.key).toBe('a')
    queue.push(a, 'x', 2, 0)
    expect(drain(queue).map(({ key }) => key)).toEqual(['a', 'b'])
  })

  it('those set in the order of a firing are one chain: no heap to go through for each key', () => {
    const queue = new TimerQueue()
    const keys = Array.from({ length: 1_000 }, (_, i) => `k${String(i).padStart(3, '0')}`)
    const entries = keys.map(entryOf)
    // In disorder the first time, as records come.
    for (let i = 0; i < keys.length; i += 1)
      queue.push(entries[(i * 7) % entries.length] as Entry, 'x', 10, 0)
    const heads = (): number => (queue as unknown as { heads: { size: number } }).heads.size
    expect(heads()).toBeGreaterThan(5)
    for (let slide = 2; slide < 5; slide += 1) {
      for (const entry of entries) {
        expect(queue.pop()?.key).toBe(entry.key)
        queue.push(entry, 'x', slide * 10, 0)
      }
      expect(heads()).toBe(1)
    }
  })
})
