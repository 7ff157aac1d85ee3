import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Heap } from './heap.ts'

it('gives the least first, whatever was pushed, popped and put in its place', () => {
  const action = fc.oneof(
    fc.record({ push: fc.integer() }),
    fc.constant({ pop: true as const }),
    fc.record({ replaceFirst: fc.integer() }),
    fc.record({ replace: fc.array(fc.integer(), { maxLength: 40 }) }),
  )
  fc.assert(
    fc.property(fc.array(action, { maxLength: 200 }), (script) => {
      const heap = new Heap<number>((a, b) => a - b)
      let model: number[] = []
      for (const each of script) {
        if ('push' in each) {
          heap.push(each.push)
          model.push(each.push)
        } else if ('replaceFirst' in each) {
          if (model.length === 0) continue
          heap.replaceFirst(each.replaceFirst)
          model.sort((a, b) => a - b)
          model[0] = each.replaceFirst
        } else if ('replace' in each) {
          heap.replace([...each.replace])
          model = [...each.replace]
        } else {
          model.sort((a, b) => a - b)
          expect(heap.peek()).toBe(model[0])
          expect(heap.pop()).toBe(model.shift())
        }
        expect(heap.size).toBe(model.length)
      }
      expect([...heap.values()].sort((a, b) => a - b)).toEqual(model.sort((a, b) => a - b))
    }),
  )
})
