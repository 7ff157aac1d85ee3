/** Which windows a key's rows are in, one after the other, for the window join. */
import type { FixedWindows, TimeWindows } from '../windows/assigners.ts'
import { Slices } from '../windows/slices.ts'
import { firstFrom, type TimedRow, type Timeline } from './timeline.ts'

/** Times from `startMs` up to, not including, `endMs`. */
export interface JoinWindow {
  readonly startMs: number
  readonly endMs: number
}

export interface WindowRules {
  /** The first window with a row in it that ends after `overMs`, as far as the rows are known; none without rows. */
  first(rows: readonly Timeline[], overMs: number): JoinWindow | undefined
  /** True when no window of a row at `atMs` ends after `overMs`. */
  isOver(atMs: number, rows: readonly Timeline[], overMs: number): boolean
  /** Rows up to this time are in no window that ends later than this one. */
  doneMs(window: JoinWindow): number
}

export const windowRules = (windows: TimeWindows): WindowRules =>
  windows.kind === 'fixed' ? fixedRules(windows) : sessionRules(windows.gapMs)

/** Infinity where there is no row. */
export const earliest = (rows: readonly Timeline[]): number =>
  Math.min(...rows.map((timeline) => timeline[0]?.[0] ?? Infinity))

function fixedRules(windows: FixedWindows): WindowRules {
  const slices = new Slices(windows)
  const { sizeMs, slideMs } = windows
  return {
    first(rows, overMs) {
      const firstMs = earliest(rows)
      if (firstMs === Infinity) return undefined
      const endMs = slices.windowEndAfter(Math.max(firstMs, overMs))
      return { startMs: endMs - sizeMs, endMs }
    },
    isOver: (atMs, _rows, overMs) => slices.lastWindowEnd(atMs) <= overMs,
    doneMs: ({ startMs }) => startMs + slideMs - 1,
  }
}

function sessionRules(gapMs: number): WindowRules {
  return {
    first(rows) {
      const startMs = earliest(rows)
      if (startMs === Infinity) return undefined
      const at = rows.map(() => 0)
      let lastMs = startMs
      for (;;) {
        const nexts = rows.map((timeline, i) => timeline[at[i] ?? 0]?.[0] ?? Infinity)
        const nextMs = Math.min(...nexts)
        if (nextMs - lastMs >= gapMs) return { startMs, endMs: lastMs + gapMs }
        lastMs = nextMs
        const from = nexts.indexOf(nextMs)
        at[from] = (at[from] ?? 0) + 1
      }
    },
    // A row in state belongs to a session that is not over; whoever is near enough joins it.
    isOver: (atMs, rows, overMs) =>
      atMs + gapMs <= overMs &&
      rows.every((timeline) => {
        const near: TimedRow | undefined = timeline[firstFrom(timeline, atMs - gapMs + 1)]
        return near === undefined || near[0] - atMs >= gapMs
      }),
    doneMs: ({ endMs }) => endMs - gapMs,
  }
}
