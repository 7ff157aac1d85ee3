import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AsyncQueue, type Waiting } from './queue.ts'

const drained = <T>(queue: AsyncQueue<T>): T[] => {
  const taken: T[] = []
  for (let next = queue.take(); next !== undefined; next = queue.take()) taken.push(next)
  return taken
}

describe('the queue of an asynchronous step', () => {
  it('Q1: ordered, the first that came leaves first', () => {
    const queue = new AsyncQueue<string>(true)
    const [a, b] = [queue.add('a'), queue.add('b')]
    queue.markReady(b)
    expect(drained(queue)).toEqual([])
    queue.markReady(a)
    expect([drained(queue), queue.size]).toEqual([['a', 'b'], 0])
  })

  it('Q2: unordered, the first that is ready leaves first, but not across a watermark', () => {
    const queue = new AsyncQueue<string>(false)
    const [a, b] = [queue.add('a'), queue.add('b')]
    queue.watermark(10)
    const c = queue.add('c')
    queue.markReady(c)
    queue.markReady(b)
    expect([drained(queue), queue.releasedMs]).toEqual([['b'], -Infinity])
    queue.markReady(a)
    expect([drained(queue), queue.releasedMs]).toEqual([['a', 'c'], 10])
  })

  it('Q3: a watermark passes an empty queue at once, and merges with one that waits', () => {
    const queue = new AsyncQueue<string>(true)
    queue.watermark(5)
    expect(queue.releasedMs).toBe(5)
    const a = queue.add('a')
    queue.watermark(7)
    queue.watermark(9)
    queue.watermark(8)
    expect(queue.releasedMs).toBe(5)
    queue.markReady(a)
    expect([drained(queue), queue.releasedMs]).toEqual([['a'], 9])
  })

  it.each([true, false])('Q1–Q3 hold for any history (ordered: %s)', (ordered) => {
    const action = fc.oneof(
      fc.constant({ kind: 'add' as const }),
      fc.nat(20).map((pick) => ({ kind: 'ready' as const, pick })),
      fc.constant({ kind: 'watermark' as const }),
      fc.constant({ kind: 'take' as const }),
    )
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const queue = new AsyncQueue<number>(ordered)
        const open: Waiting<number>[] = []
        /** The watermark that came before each item. */
        const after: number[] = []
        const left: number[] = []
        let watermark = 0
        const take = (): void => {
          for (const item of drained(queue)) {
            left.push(item)
            // A3: everything that came before the watermark that is out has left.
            expect(after[item]).toBeLessThanOrEqual(watermark)
          }
          const out = queue.releasedMs
          after.forEach((mark, item) => {
            if (mark < out) expect(left).toContain(item)
          })
          expect([...queue.items()]).toEqual([...after.keys()].filter((item) => !left.includes(item)))
        }
        for (const each of actions) {
          if (each.kind === 'add') {
            open.push(queue.add(after.length))
            after.push(watermark)
          } else if (each.kind === 'ready') {
            const [waiting] = open.splice(each.pick % Math.max(1, open.length), 1)
            if (waiting) queue.markReady(waiting)
          } else if (each.kind === 'watermark') queue.watermark((watermark += 1))
          else take()
        }
        for (const waiting of open.splice(0)) queue.markReady(waiting)
        take()
        expect(left).toHaveLength(after.length)
        expect(queue.releasedMs).toBe(watermark === 0 ? -Infinity : watermark)
        if (ordered) expect(left).toEqual([...after.keys()])
        else expect(left.map((item) => after[item])).toEqual([...after].sort((a, b) => a - b))
      }),
    )
  })
})
