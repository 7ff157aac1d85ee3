/** What is left of a cell, by kind, when what has expired is taken from it. */
import type { AnyCellDeclaration } from './schema.ts'
import type { Deadlines } from './ttl.ts'

export interface SweepTime {
  /** A deadline, or the one that it gets where it has none. */
  readonly dated: (deadlineMs: number | undefined) => number
  /** What has reached its deadline by then goes. */
  readonly untilMs: number
}

export interface Left {
  readonly value: unknown
  readonly deadlines: Deadlines
  readonly earliestMs: number
}

/** Undefined: nothing is left. Maps and lists are changed in place: a snapshot has been told. */
type Sweeper = (value: unknown, deadlines: Deadlines | undefined, time: SweepTime) => Left | undefined

export const sweepers: Readonly<Record<AnyCellDeclaration['kind'], Sweeper>> = {
  cell(value, deadline, { dated, untilMs }) {
    if (value === undefined) return undefined
    const earliestMs = dated(typeof deadline === 'number' ? deadline : undefined)
    return earliestMs <= untilMs ? undefined : { value, deadlines: earliestMs, earliestMs }
  },

  map(value, deadlines, { dated, untilMs }) {
    const map = value as Map<unknown, unknown> | undefined
    const before = deadlines instanceof Map ? deadlines : undefined
    const kept = new Map<unknown, number>()
    let earliestMs = Infinity
    for (const key of map?.keys() ?? []) {
      const deadlineMs = dated(before?.get(key))
      if (deadlineMs <= untilMs) map?.delete(key)
      else {
        kept.set(key, deadlineMs)
        earliestMs = Math.min(earliestMs, deadlineMs)
      }
    }
    return kept.size === 0 ? undefined : { value, deadlines: kept, earliestMs }
  },

  list(value, deadlines, { dated, untilMs }) {
    const list = (value ?? []) as unknown[]
    // Of another length: elements came or went without their deadlines (`migrate`), so nobody knows whose is whose.
    const before = Array.isArray(deadlines) && deadlines.length === list.length ? deadlines : []
    const kept: number[] = []
    let earliestMs = Infinity
    list.forEach((element, index) => {
      const deadlineMs = dated(before[index])
      if (deadlineMs <= untilMs) return
      list[kept.length] = element
      kept.push(deadlineMs)
      earliestMs = Math.min(earliestMs, deadlineMs)
    })
    list.length = kept.length
    return kept.length === 0 ? undefined : { value: list, deadlines: kept, earliestMs }
  },
}
