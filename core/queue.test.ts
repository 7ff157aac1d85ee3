import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BoundedQueue } from './queue.ts'

describe('BoundedQueue', () => {
  it('keeps order and refuses beyond its capacity, as an array with a bound would', () => {
    const step = fc.oneof(fc.constant('take' as const), fc.constant('clear' as const), fc.nat())
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.array(step, { maxLength: 500, size: 'max' }),
        (capacity, steps) => {
          const queue = new BoundedQueue<number>(capacity)
          let model: number[] = []
          for (const item of steps) {
            if (item === 'take') expect(queue.take()).toBe(model.shift())
            else if (item === 'clear') {
              queue.clear()
              model = []
            } else {
              expect(queue.offer(item)).toBe(model.length < capacity)
              if (model.length < capacity) model.push(item)
            }
            expect([queue.size, queue.full, queue.peek()]).toEqual([
              model.length,
              model.length === capacity,
              model[0],
            ])
          }
        },
      ),
    )
  })

  it('grows beyond its first ring without losing order', () => {
    const queue = new BoundedQueue<number>(1000)
    for (let i = 0; i < 40; i += 1) queue.offer(i)
    for (let i = 0; i < 30; i += 1) queue.take()
    for (let i = 40; i < 1030; i += 1) expect(queue.offer(i)).toBe(true)
    expect(queue.offer(-1)).toBe(false)
    for (let i = 30; i < 1030; i += 1) expect(queue.take()).toBe(i)
    expect(queue.take()).toBeUndefined()
  })

  it.each([0, -1, 1.5, NaN])('refuses a capacity of %d', (capacity) => {
    expect(() => new BoundedQueue(capacity)).toThrowError(/capacity/)
  })
})
