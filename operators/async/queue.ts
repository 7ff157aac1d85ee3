/**
 * Records between their arrival and their turn to leave.
 *
 * - Q1: ordered, they leave in the order in which they came.
 * - Q2: unordered, as they become ready, but never across a watermark: those that came before it leave before it,
 *   those that came after it leave after it (the asynchronous wait operator of Flink keeps the same order).
 * - Q3: a watermark is released when all that came before it has left.
 */
export interface Waiting<T> {
  readonly item: T
  ready: boolean
  readonly segment: Segment<T>
}

/** What came between two watermarks. */
interface Segment<T> {
  readonly waiting: Set<Waiting<T>>
  /** Unordered: in the order in which they became ready. */
  readonly ready: Waiting<T>[]
  /** The watermark behind it; undefined for the newest segment. */
  untilMs: number | undefined
}

const newSegment = <T>(): Segment<T> => ({ waiting: new Set(), ready: [], untilMs: undefined })

export class AsyncQueue<T> {
  private readonly ordered: boolean
  private segments: Segment<T>[] = [newSegment()]
  private count = 0
  private released = -Infinity

  constructor(ordered: boolean) {
    this.ordered = ordered
  }

  get size(): number {
    return this.count
  }

  /** Q3: the newest watermark that may leave. */
  get releasedMs(): number {
    return this.released
  }

  add(item: T): Waiting<T> {
    const segment = this.segments.at(-1) as Segment<T>
    const waiting: Waiting<T> = { item, ready: false, segment }
    segment.waiting.add(waiting)
    this.count += 1
    return waiting
  }

  /** It may leave when its turn comes. */
  markReady(waiting: Waiting<T>): void {
    waiting.ready = true
    waiting.segment.ready.push(waiting)
  }

  /** The next that may leave, taken out; undefined when none may. */
  take(): T | undefined {
    const segment = this.segments[0] as Segment<T>
    const next = this.next(segment)
    if (!next) return undefined
    segment.waiting.delete(next)
    this.count -= 1
    this.release()
    return next.item
  }

  watermark(atMs: number): void {
    const last = this.segments.at(-1) as Segment<T>
    const before = this.segments.at(-2)
    if (last.waiting.size > 0) {
      last.untilMs = atMs
      this.segments.push(newSegment())
    } else if (before) before.untilMs = Math.max(atMs, before.untilMs ?? atMs)
    else this.released = Math.max(this.released, atMs)
  }

  /** What has not left, in the order in which it came. */
  *items(): IterableIterator<T> {
    for (const { waiting } of this.segments) for (const { item } of waiting) yield item
  }

  private next(segment: Segment<T>): Waiting<T> | undefined {
    if (!this.ordered) return segment.ready.shift()
    const [first] = segment.waiting
    return first?.ready === true ? first : undefined
  }

  private release(): void {
    for (let first = this.segments[0]; first?.waiting.size === 0; first = this.segments[0]) {
      if (first.untilMs === undefined) return
      this.released = Math.max(this.released, first.untilMs)
      this.segments.shift()
    }
  }
}
