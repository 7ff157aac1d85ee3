import { invariant } from './invariant.ts'

/** FIFO ring that refuses beyond its capacity. `offer` returns false when full; the caller must handle it. */
export class BoundedQueue<T> {
  readonly capacity: number
  private ring: (T | undefined)[]
  private head = 0
  private count = 0

  constructor(capacity: number) {
    invariant(Number.isSafeInteger(capacity) && capacity >= 1, `queue capacity ≥ 1, got ${capacity}`)
    this.capacity = capacity
    this.ring = new Array<T | undefined>(Math.min(capacity, 64))
  }

  get size(): number {
    return this.count
  }

  get full(): boolean {
    return this.count === this.capacity
  }

  offer(item: T): boolean {
    if (this.count === this.capacity) return false
    if (this.count === this.ring.length) this.grow()
    this.ring[(this.head + this.count) % this.ring.length] = item
    this.count += 1
    return true
  }

  peek(): T | undefined {
    return this.count === 0 ? undefined : this.ring[this.head]
  }

  take(): T | undefined {
    if (this.count === 0) return undefined
    const item = this.ring[this.head]
    this.ring[this.head] = undefined
    this.head = (this.head + 1) % this.ring.length
    this.count -= 1
    return item
  }

  clear(): void {
    this.ring.fill(undefined)
    this.head = 0
    this.count = 0
  }

  private grow(): void {
    const inOrder = Array.from(
      { length: this.count },
      (_, i) => this.ring[(this.head + i) % this.ring.length],
    )
    inOrder.length = Math.min(this.capacity, this.ring.length * 2)
    this.ring = inOrder
    this.head = 0
  }
}
