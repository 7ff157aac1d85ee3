/** Facts in order, one reader. Unbounded by itself: whoever feeds it bounds what can be outstanding. */
export class Mailbox<T> {
  private readonly items: T[] = []
  private waiting: ((item: T) => void) | undefined

  post(item: T): void {
    const { waiting } = this
    if (waiting) {
      this.waiting = undefined
      waiting(item)
    } else this.items.push(item)
  }

  /** The next item. At most one call at a time. */
  take(): Promise<T> {
    const item = this.items.shift()
    if (item !== undefined) return Promise.resolve(item)
    return new Promise((resolve) => {
      this.waiting = resolve
    })
  }

  drain(): T[] {
    return this.items.splice(0)
  }
}
