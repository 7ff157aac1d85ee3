import { invariant } from '../core/invariant.ts'

/** FIFO with a look at any place: what waits to be sent, acknowledged or taken. Bounded by its owner's grant. */
export class Fifo<T> {
  private items: (T | undefined)[] = []
  private head = 0

  get length(): number {
    return this.items.length - this.head
  }

  push(item: T): void {
    this.items.push(item)
  }

  at(index: number): T | undefined {
    return this.items[this.head + index]
  }

  last(): T | undefined {
    return this.length === 0 ? undefined : this.items[this.items.length - 1]
  }

  replaceLast(item: T): void {
    invariant(this.length > 0, 'replaceLast needs an item')
    this.items[this.items.length - 1] = item
  }

  shift(): T | undefined {
    if (this.length === 0) return undefined
    const item = this.items[this.head]
    this.items[this.head] = undefined
    this.head += 1
    if (this.head === this.items.length) this.clear()
    else if (this.head >= 1024 && this.head * 2 >= this.items.length) this.compact()
    return item
  }

  clear(): void {
    this.items = []
    this.head = 0
  }

  private compact(): void {
    this.items = this.items.slice(this.head)
    this.head = 0
  }
}
