/** The cells that handlers hold: views on the slots of whatever key is current. */
import type { Key } from '../../core/keys/index.ts'
import type { AnyCellDeclaration, Cell, ListCell, MapCell, MapCellKey, StateSchema } from './schema.ts'
import { expiringCell } from './ttl-cells.ts'
import type { TtlTable } from './ttl.ts'

/** One key's state. `slots[i]` is undefined (empty), a cell's value, a Map or an array. */
export interface Entry {
  key: Key
  group: number
  /** Number of the newest snapshot that holds the entry, or that began before it was born. */
  mark: number
  attached: boolean
  slots: unknown[]
  /** What the step computed from the slots, to save time: never stored, and gone where they are put back. */
  derived: unknown
}

export interface CellHost {
  readonly current: Entry
  attach(entry: Entry): void
  /** Lets go of an entry that holds nothing any more. */
  settle(entry: Entry): void
}

/** `ttl` is present where a cell's values expire. */
export function makeCells(
  schema: StateSchema,
  host: CellHost,
  ttl: TtlTable | undefined,
): Readonly<Record<string, unknown>> {
  const cells: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  schema.cells.forEach(({ name, declaration }, slot) => {
    if (slot === schema.timerSlot || slot === schema.ttl?.slot) return
    const plain = plainCell(host, slot, declaration)
    const expiring = schema.ttl?.cells.find((cell) => cell.slot === slot)
    cells[name] = ttl && expiring ? expiringCell(host, ttl, expiring, plain, declaration) : plain
  })
  return cells
}

function plainCell(host: CellHost, slot: number, declaration: AnyCellDeclaration): unknown {
  switch (declaration.kind) {
    case 'cell':
      return new ValueCell(host, slot, declaration.initial)
    case 'map':
      return new KeyedMapCell(host, slot)
    case 'list':
      return new KeyedListCell(host, slot)
  }
}

function put(host: CellHost, slot: number, value: unknown): void {
  const entry = host.current
  entry.slots[slot] = value
  if (!entry.attached) host.attach(entry)
}

function empty(host: CellHost, slot: number): void {
  const entry = host.current
  entry.slots[slot] = undefined
  host.settle(entry)
}

class ValueCell implements Cell<unknown> {
  private readonly host: CellHost
  private readonly slot: number
  private readonly initial: (() => unknown) | undefined
  constructor(host: CellHost, slot: number, initial: (() => unknown) | undefined) {
    this.host = host
    this.slot = slot
    this.initial = initial
  }
  get(): unknown {
    const value = this.host.current.slots[this.slot]
    if (value !== undefined || this.initial === undefined) return value
    const first = this.initial()
    // A mutable initial value must be stored, or changes to it in place would be lost.
    if (typeof first === 'object' && first !== null) this.set(first)
    return first
  }
  set(value: unknown): void {
    if (value === undefined) this.clear()
    else put(this.host, this.slot, value)
  }
  update(change: (value: unknown) => unknown): void {
    this.set(change(this.get()))
  }
  clear(): void {
    empty(this.host, this.slot)
  }
}

class KeyedMapCell implements MapCell<MapCellKey, unknown> {
  private readonly host: CellHost
  private readonly slot: number
  constructor(host: CellHost, slot: number) {
    this.host = host
    this.slot = slot
  }
  private get map(): Map<MapCellKey, unknown> | undefined {
    return this.host.current.slots[this.slot] as Map<MapCellKey, unknown> | undefined
  }
  get size(): number {
    return this.map?.size ?? 0
  }
  get(key: MapCellKey): unknown {
    return this.map?.get(key)
  }
  has(key: MapCellKey): boolean {
    return this.map?.has(key) ?? false
  }
  set(key: MapCellKey, value: unknown): void {
    const map = this.map
    if (map) map.set(key, value)
    else put(this.host, this.slot, new Map([[key, value]]))
  }
  delete(key: MapCellKey): boolean {
    const deleted = this.map?.delete(key) ?? false
    if (deleted && this.size === 0) this.clear()
    return deleted
  }
  entries(): IterableIterator<[MapCellKey, unknown]> {
    return (this.map ?? new Map<MapCellKey, unknown>()).entries()
  }
  clear(): void {
    empty(this.host, this.slot)
  }
}

class KeyedListCell implements ListCell<unknown> {
  private readonly host: CellHost
  private readonly slot: number
  constructor(host: CellHost, slot: number) {
    this.host = host
    this.slot = slot
  }
  private get list(): unknown[] | undefined {
    return this.host.current.slots[this.slot] as unknown[] | undefined
  }
  get length(): number {
    return this.list?.length ?? 0
  }
  append(value: unknown): void {
    const list = this.list
    if (list) list.push(value)
    else put(this.host, this.slot, [value])
  }
  values(): readonly unknown[] {
    return this.list ?? []
  }
  clear(): void {
    empty(this.host, this.slot)
  }
}
