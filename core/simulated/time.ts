/**
 * Virtual time: stands still while anything is left to run, then jumps to the next timer.
 *
 * - Timers run by time, and those of one time in the order they were set: a binary heap of (time, order).
 * - A cancelled timer stays in the heap, without its function, until it is due or half of the heap is cancelled.
 */
import type { Cancel, Clock, Timers } from '../ports/time.ts'

export interface VirtualTime extends Clock, Timers {
  /** Runs the next due callback, advancing the clock when needed; false when nothing is left. */
  runNext(): boolean
  /** The wall clock is set, by so much; durations go on as before. */
  jumpWall(byMs: number): void
}

interface Due {
  readonly atMs: number
  readonly order: number
  /** Undefined once cancelled or run. */
  fn: (() => void) | undefined
}

/** Below this many timers it is not worth looking for cancelled ones. */
const compactedMin = 64

export function virtualTime(startWallMs = 0): VirtualTime {
  const ready: (() => void)[] = []
  let heap: Due[] = []
  let cancelled = 0
  let wallMs = startWallMs
  let nowMs = 0
  let order = 0

  const cancel = (item: Due): void => {
    if (!item.fn) return
    item.fn = undefined
    cancelled += 1
    if (heap.length < compactedMin || cancelled * 2 < heap.length) return
    // A sorted array is a heap.
    heap = heap.filter(({ fn }) => fn !== undefined).sort((a, b) => (isBefore(a, b) ? -1 : 1))
    cancelled = 0
  }

  return {
    monotonicMs: () => nowMs,
    wallMs: () => wallMs + nowMs,
    jumpWall: (byMs) => void (wallMs += byMs),
    soon: (fn) => void ready.push(fn),
    after(delayMs, fn): Cancel {
      const item: Due = { atMs: nowMs + Math.max(0, delayMs), order: (order += 1), fn }
      push(heap, item)
      return () => cancel(item)
    },
    runNext() {
      const first = ready.shift()
      if (first) {
        first()
        return true
      }
      for (let next = pop(heap); next; next = pop(heap)) {
        const { fn } = next
        if (!fn) {
          cancelled -= 1
          continue
        }
        next.fn = undefined
        nowMs = next.atMs
        fn()
        return true
      }
      return false
    },
  }
}

const isBefore = (a: Due, b: Due): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)

function push(heap: Due[], item: Due): void {
  let at = heap.length
  heap.push(item)
  while (at > 0) {
    const above = (at - 1) >> 1
    const parent = heap[above]
    if (!parent || !isBefore(item, parent)) break
    heap[at] = parent
    at = above
  }
  heap[at] = item
}

function pop(heap: Due[]): Due | undefined {
  const first = heap[0]
  const last = heap.pop()
  if (!last || heap.length === 0) return first
  let at = 0
  for (;;) {
    let below = at * 2 + 1
    let child = heap[below]
    const right = heap[below + 1]
    if (child && right && isBefore(right, child)) {
      below += 1
      child = right
    }
    if (!child || !isBefore(child, last)) break
    heap[at] = child
    at = below
  }
  heap[at] = last
  return first
}
