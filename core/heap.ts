import { invariant } from './invariant.ts'

/** A binary heap: the least item first, by the given order. `push` is O(1) on average, `pop` O(log n). */
export class Heap<T> {
  private items: T[] = []
  private readonly order: (a: T, b: T) => number

  constructor(order: (a: T, b: T) => number) {
    this.order = order
  }

  get size(): number {
    return this.items.length
  }

  peek(): T | undefined {
    return this.items[0]
  }

  push(item: T): void {
    const { items, order } = this
    let at = items.push(item) - 1
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = items[above] as T
      if (order(parent, item) <= 0) break
      items[at] = parent
      at = above
    }
    items[at] = item
  }

  pop(): T | undefined {
    const first = this.items[0]
    const last = this.items.pop()
    if (last !== undefined && this.items.length > 0) this.sink(last, 0)
    return first
  }

  /** Another item in the place of the least one. */
  replaceFirst(item: T): void {
    invariant(this.items.length > 0, 'there is a first item to replace')
    this.sink(item, 0)
  }

  /** What the heap holds instead, in any order. */
  replace(items: T[]): void {
    this.items = items
    for (let at = (items.length >> 1) - 1; at >= 0; at -= 1) this.sink(items[at] as T, at)
  }

  values(): IterableIterator<T> {
    return this.items.values()
  }

  private sink(item: T, from: number): void {
    const { items, order } = this
    const { length } = items
    let at = from
    for (let child = 2 * at + 1; child < length; child = 2 * at + 1) {
      const right = child + 1
      if (right < length && order(items[right] as T, items[child] as T) < 0) child = right
      const lesser = items[child] as T
      if (order(item, lesser) <= 0) break
      items[at] = lesser
      at = child
    }
    items[at] = item
  }
}
