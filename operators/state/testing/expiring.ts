/** For tests: a step whose cells expire, and what its records must find, by keeping everything and comparing times. */
import { operator, processOperator, type ProcessContext } from '../../steps/process.ts'
import { StepDriver } from '../../testing/driver.ts'
import { cell, listCell, mapCell } from '../schema.ts'
import type { StateTtl } from '../ttl-options.ts'

/** What a record does to its key's cells, once it has looked at all of them. */
export type Ask = 'look' | 'set' | 'put' | 'append' | 'remove' | 'clear' | 'timer'

export interface Asking {
  readonly id: number
  readonly key: string
  readonly ask: Ask
  /** Of an entry of the map. */
  readonly name: string
}

/** Value, entries and elements, and the sizes of map and list, as a handler saw them. */
export type Found = readonly [
  key: string,
  value: number | null,
  entries: readonly (readonly [string, number])[],
  elements: readonly number[],
  sizes: readonly [number, number],
]

const cellsOf = (ttl: StateTtl) => ({
  value: cell<number>(ttl),
  map: mapCell<string, number>(ttl),
  list: listCell<number>(ttl),
})

/** `found` gets what each handler saw; a timer looks 7 ms later. */
export function expiringStep(
  ttl: StateTtl & { readonly time: 'event' | 'clock' },
  found: Found[],
): StepDriver {
  type Context = ProcessContext<string, ReturnType<typeof cellsOf>, never>
  const look = ({ key, state }: Context): void => {
    // Sizes first: reading may renew.
    const sizes = [state.map.size, state.list.length] as const
    found.push([
      key,
      state.value.get() ?? null,
      [...state.map.entries()].sort(),
      [...state.list.values()],
      sizes,
    ])
  }
  const declared = operator<string, Asking, never>()({
    state: cellsOf(ttl),
    onRecord(ctx, { id, ask, name }) {
      look(ctx)
      const { value, map, list } = ctx.state
      if (ask === 'set') value.set(id)
      if (ask === 'put') map.set(name, id)
      if (ask === 'append') list.append(id)
      if (ask === 'remove') map.delete(name)
      if (ask === 'clear') for (const each of [value, map, list]) each.clear()
      if (ask !== 'timer') return
      if (ttl.time === 'clock') ctx.timers.atClock('look', ctx.nowMs() + 7)
      else ctx.timers.at('look', Math.max(ctx.timestampMs, ctx.watermarkMs) + 7)
    },
    onTimer: look,
  })
  return new StepDriver(
    processOperator(declared as never, (row: Asking) => row.key, {
      onError: 'fail',
      timed: ttl.time === 'event',
    }),
  )
}

interface Item {
  readonly cell: 'value' | 'map' | 'list'
  readonly name: string
  readonly id: number
  deadlineMs: number
}

/** Keeps whatever was written, with its deadline. */
export class ExpiringModel {
  readonly found: Found[] = []
  private readonly ttlMs: number
  private readonly renews: boolean
  private readonly keys = new Map<string, Item[]>()
  private readonly timers = new Map<string, number>()

  constructor({ ttlMs, renewOn }: StateTtl) {
    this.ttlMs = ttlMs
    this.renews = renewOn === 'read-write'
  }

  record({ id, key, ask, name }: Asking, nowMs: number): void {
    this.look(key, nowMs)
    if (ask === 'set') this.write(key, { cell: 'value', name: '', id }, nowMs)
    if (ask === 'put') this.write(key, { cell: 'map', name, id }, nowMs)
    if (ask === 'append') this.write(key, { cell: 'list', name: String(id), id }, nowMs)
    if (ask === 'clear') this.keys.delete(key)
    if (ask === 'timer') this.timers.set(key, nowMs + 7)
    if (ask === 'remove') {
      this.keys.set(
        key,
        this.itemsOf(key).filter((item) => item.cell !== 'map' || item.name !== name),
      )
    }
  }

  /** Timers see their own time by event time, and the clock's by the clock. */
  reach(untilMs: number, time: 'event' | 'clock'): void {
    const due = [...this.timers].filter(([, atMs]) => atMs <= untilMs)
    due.sort(([a, aMs], [b, bMs]) => aMs - bMs || (a < b ? -1 : 1))
    for (const [key, atMs] of due) {
      this.timers.delete(key)
      this.look(key, time === 'event' ? atMs : untilMs)
    }
  }

  private look(key: string, nowMs: number): void {
    const valid = this.itemsOf(key).filter(({ deadlineMs }) => nowMs < deadlineMs)
    if (this.renews) for (const item of valid) item.deadlineMs = Math.max(item.deadlineMs, nowMs + this.ttlMs)
    const of = (cell: Item['cell']): Item[] => valid.filter((item) => item.cell === cell)
    const entries = of('map').map(({ name, id }) => [name, id] as const)
    const elements = of('list').map(({ id }) => id)
    const sizes = [entries.length, elements.length] as const
    this.found.push([key, of('value')[0]?.id ?? null, entries.sort(), elements, sizes])
  }

  private write(key: string, item: Omit<Item, 'deadlineMs'>, nowMs: number): void {
    const items = this.itemsOf(key)
    const same = items.find(({ cell, name }) => cell === item.cell && name === item.name)
    const deadlineMs = Math.max(same?.deadlineMs ?? -Infinity, nowMs + this.ttlMs)
    this.keys.set(key, [...items.filter((each) => each !== same), { ...item, deadlineMs }])
  }

  private itemsOf(key: string): Item[] {
    return this.keys.get(key) ?? []
  }
}
