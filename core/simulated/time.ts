import type { Cancel, Clock, Timers } from '../ports/time.ts'

/** Virtual time: stands still while anything is left to run, then jumps to the next timer. */
export interface VirtualTime extends Clock, Timers {
  /** Runs the next due callback, advancing the clock when needed; false when nothing is left. */
  runNext(): boolean
}

interface Due {
  readonly atMs: number
  readonly order: number
  readonly fn: () => void
}

export function virtualTime(startWallMs = 0): VirtualTime {
  const ready: (() => void)[] = []
  const due: Due[] = []
  let nowMs = 0
  let order = 0

  const earliest = (): Due | undefined => {
    let best: Due | undefined
    for (const item of due) {
      if (!best || item.atMs < best.atMs || (item.atMs === best.atMs && item.order < best.order)) best = item
    }
    return best
  }
  const remove = (item: Due): void => {
    const at = due.indexOf(item)
    if (at >= 0) due.splice(at, 1)
  }

  return {
    monotonicMs: () => nowMs,
    wallMs: () => startWallMs + nowMs,
    soon: (fn) => void ready.push(fn),
    after(delayMs, fn): Cancel {
      const item = { atMs: nowMs + Math.max(0, delayMs), order: (order += 1), fn }
      due.push(item)
      return () => remove(item)
    },
    runNext() {
      const first = ready.shift()
      if (first) {
        first()
        return true
      }
      const next = earliest()
      if (!next) return false
      remove(next)
      nowMs = next.atMs
      next.fn()
      return true
    },
  }
}
