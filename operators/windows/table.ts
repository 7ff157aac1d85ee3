/**
 * The open windows of one key, in its entry: parallel arrays, ordered by start. Slots are in the order of the
 * cells' names; a key without windows has none of them.
 */
import { cell, stateSchema, type StateSchema } from '../state/schema.ts'
import type { Entry } from '../state/cells.ts'
import { timerNames, type WindowRuntime } from './definition.ts'

/** `shape` says what starts mean: state of windows of another shape is refused as incompatible. */
export const tableSchema = (shape: string): StateSchema =>
  stateSchema(
    { accumulators: cell(), ends: cell(), [`starts of ${shape}`]: cell(), unshown: cell() },
    { timers: true },
  )

const slots = { accumulators: 0, ends: 1, starts: 2, unshown: 3 } as const

/** The arrays of an entry, as they are: for a hot path. */
export const startsOf = (entry: Entry): readonly number[] | undefined =>
  entry.slots[slots.starts] as readonly number[] | undefined
export const accumulatorsOf = (entry: Entry): unknown[] => entry.slots[slots.accumulators] as unknown[]

/** What a table keeps beside starts and accumulators. */
export interface TableColumns {
  /** Windows differ in length. */
  readonly ends: boolean
  /** How many of its records no pane has shown, per window. */
  readonly unshown: boolean
}

export class WindowTable {
  starts: number[] = []
  ends: number[] = []
  accumulators: unknown[] = []
  unshown: number[] = []
  private readonly runtime: WindowRuntime
  private readonly columns: TableColumns

  constructor(runtime: WindowRuntime, columns: TableColumns) {
    this.runtime = runtime
    this.columns = columns
  }

  get size(): number {
    return this.starts.length
  }

  /** Takes the current key's windows in hand. */
  open(): void {
    const held = this.runtime.state.current.slots
    this.starts = (held[slots.starts] as number[] | undefined) ?? []
    this.ends = (held[slots.ends] as number[] | undefined) ?? []
    this.accumulators = (held[slots.accumulators] as unknown[] | undefined) ?? []
    this.unshown = (held[slots.unshown] as number[] | undefined) ?? []
  }

  /** Index of the first window that starts at `startMs` or later. Newest first: most records are of it. */
  placeOf(startMs: number): number {
    const { starts } = this
    const to = starts.length
    return to === 0 || (starts[to - 1] as number) < startMs ? to : placeNear(starts, startMs, to - 1)
  }

  /** The same, looked for from an index on, for what is near there. */
  placeFrom(startMs: number, near: number): number {
    return placeNear(this.starts, startMs, near)
  }

  insert(index: number, startMs: number, endMs: number, accumulator: unknown): void {
    insertAt(this.starts, index, startMs)
    insertAt(this.accumulators, index, accumulator)
    if (this.columns.ends) insertAt(this.ends, index, endMs)
    if (this.columns.unshown) insertAt(this.unshown, index, 0)
  }

  /** Merges what was made elsewhere, and may be somebody else's, into a window; begins it where it is not there. */
  take(index: number, startMs: number, endMs: number, accumulator: unknown): void {
    const { accumulation } = this.runtime
    if (this.starts[index] === startMs) {
      this.accumulators[index] = accumulation.merge(this.accumulators[index], accumulator)
    } else {
      this.insert(index, startMs, endMs, accumulation.copy(accumulator))
    }
  }

  remove(index: number, count: number): void {
    if (count === 0) return
    removeAt(this.starts, index, count)
    removeAt(this.accumulators, index, count)
    if (this.columns.ends) removeAt(this.ends, index, count)
    if (this.columns.unshown) removeAt(this.unshown, index, count)
  }

  /** Puts the windows back, once all is done with them. */
  close(): void {
    const { state, timers } = this.runtime
    const { current } = state
    const held = current.slots
    if (this.size > 0) {
      held[slots.starts] = this.starts
      held[slots.accumulators] = this.accumulators
      if (this.columns.ends) held[slots.ends] = this.ends
      if (this.columns.unshown) held[slots.unshown] = this.unshown
      if (!current.attached) state.attach(current)
      return
    }
    held[slots.starts] = held[slots.accumulators] = held[slots.ends] = held[slots.unshown] = undefined
    timers.delete(timerNames.window)
    timers.delete(timerNames.early)
    state.settle(current)
  }
}

/** Of the first that is `startMs` or later; looked for from `near` on, in growing steps. */
function placeNear(starts: readonly number[], startMs: number, near: number): number {
  let from = near
  let to = near
  for (let step = 1; from > 0 && (starts[from - 1] as number) >= startMs; step *= 2) {
    to = from - 1
    from = Math.max(0, from - step)
  }
  for (let step = 1; to < starts.length && (starts[to] as number) < startMs; step *= 2) {
    from = to + 1
    to = Math.min(starts.length, to + step)
  }
  while (from < to) {
    const middle = (from + to) >> 1
    if ((starts[middle] as number) < startMs) from = middle + 1
    else to = middle
  }
  return from
}

/** Most windows begin behind all others, and go one by one from the front: without the array that `splice` makes. */
function insertAt<V>(values: V[], index: number, value: V): void {
  if (index === values.length) values.push(value)
  else values.splice(index, 0, value)
}

function removeAt(values: unknown[], index: number, count: number): void {
  if (index === 0 && count === 1) values.shift()
  else values.splice(index, count)
}
