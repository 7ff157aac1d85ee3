/** Cells whose values expire. What has reached its deadline (X1) is as if it were not there, until a sweep takes it. */
import type { CellHost } from './cells.ts'
import type { AnyCellDeclaration, Cell, ListCell, MapCell, MapCellKey, TtlCell } from './schema.ts'
import type { TtlTable } from './ttl.ts'

/** The cell of a declaration; `plain` is the one that it would be without time-to-live. */
export function expiringCell(
  host: CellHost,
  ttl: TtlTable,
  cell: TtlCell,
  plain: unknown,
  declaration: AnyCellDeclaration,
): unknown {
  switch (declaration.kind) {
    case 'cell':
      return new ExpiringValue(host, ttl, cell, plain as Cell<unknown>, declaration.initial)
    case 'map':
      return new ExpiringMap(host, ttl, cell, plain as MapCell<MapCellKey, unknown>)
    case 'list':
      return new ExpiringList(host, ttl, cell, plain as ListCell<unknown>)
  }
}

abstract class Expiring<Plain> {
  protected readonly plain: Plain
  protected readonly ttl: TtlTable
  protected readonly cell: TtlCell
  private readonly host: CellHost

  constructor(host: CellHost, ttl: TtlTable, cell: TtlCell, plain: Plain) {
    this.host = host
    this.ttl = ttl
    this.cell = cell
    this.plain = plain
  }

  protected get held(): unknown {
    return this.host.current.slots[this.cell.slot]
  }

  protected isValid(deadlineMs: number | undefined): boolean {
    return this.ttl.isValid(this.cell, deadlineMs)
  }
}

class ExpiringValue extends Expiring<Cell<unknown>> implements Cell<unknown> {
  private readonly initial: (() => unknown) | undefined

  constructor(
    host: CellHost,
    ttl: TtlTable,
    cell: TtlCell,
    plain: Cell<unknown>,
    initial: (() => unknown) | undefined,
  ) {
    super(host, ttl, cell, plain)
    this.initial = initial
  }

  get(): unknown {
    const { held } = this
    const deadlineMs = this.deadlineMs
    if (held !== undefined && this.isValid(deadlineMs)) {
      if (this.cell.renewOnRead) this.renew(deadlineMs)
      return held
    }
    const first = this.initial?.()
    // A mutable initial value must be stored, or changes to it in place would be lost.
    if (typeof first === 'object' && first !== null) this.set(first)
    return first
  }

  set(value: unknown): void {
    if (value === undefined) {
      this.clear()
      return
    }
    this.plain.set(value)
    this.renew(this.deadlineMs)
  }

  update(change: (value: unknown) => unknown): void {
    this.set(change(this.get()))
  }

  clear(): void {
    this.ttl.forget(this.cell)
    this.plain.clear()
  }

  private get deadlineMs(): number | undefined {
    return this.ttl.of(this.cell) as number | undefined
  }

  private renew(beforeMs: number | undefined): void {
    const deadlineMs = this.ttl.renewed(this.cell, beforeMs)
    if (deadlineMs !== beforeMs) this.ttl.keep(this.cell, deadlineMs, deadlineMs)
  }
}

class ExpiringMap extends Expiring<MapCell<MapCellKey, unknown>> implements MapCell<MapCellKey, unknown> {
  get(key: MapCellKey): unknown {
    if (!this.has(key)) return undefined
    if (this.cell.renewOnRead) this.renew(key)
    return this.plain.get(key)
  }

  has(key: MapCellKey): boolean {
    return this.plain.has(key) && this.isValid(this.deadlines?.get(key))
  }

  set(key: MapCellKey, value: unknown): void {
    this.plain.set(key, value)
    this.renew(key)
  }

  delete(key: MapCellKey): boolean {
    const had = this.has(key)
    this.deadlines?.delete(key)
    // The cell is empty then, and so is its share of the deadlines.
    if (this.plain.size === 1 && this.plain.has(key)) this.ttl.forget(this.cell)
    this.plain.delete(key)
    return had
  }

  entries(): IterableIterator<[MapCellKey, unknown]> {
    const valid = [...this.plain.entries()].filter(([key]) => this.has(key))
    if (this.cell.renewOnRead) for (const [key] of valid) this.renew(key)
    return valid.values()
  }

  get size(): number {
    let size = 0
    for (const [key] of this.plain.entries()) if (this.has(key)) size += 1
    return size
  }

  clear(): void {
    this.ttl.forget(this.cell)
    this.plain.clear()
  }

  private get deadlines(): Map<MapCellKey, number> | undefined {
    return this.ttl.of(this.cell) as Map<MapCellKey, number> | undefined
  }

  private renew(key: MapCellKey): void {
    const { deadlines } = this
    const beforeMs = deadlines?.get(key)
    const deadlineMs = this.ttl.renewed(this.cell, beforeMs)
    if (deadlineMs === beforeMs) return
    this.ttl.keep(this.cell, (deadlines ?? new Map<MapCellKey, number>()).set(key, deadlineMs), deadlineMs)
  }
}

class ExpiringList extends Expiring<ListCell<unknown>> implements ListCell<unknown> {
  append(value: unknown): void {
    const { length } = (this.held ?? []) as unknown[]
    const deadlines = this.deadlinesOf(length)
    this.plain.append(value)
    const deadlineMs = this.ttl.renewed(this.cell)
    deadlines.push(deadlineMs)
    this.ttl.keep(this.cell, deadlines, deadlineMs)
  }

  values(): readonly unknown[] {
    const all = this.plain.values()
    const deadlines = this.deadlinesOf(all.length)
    const valid = all.filter((_, index) => this.isValid(deadlines[index]))
    if (this.cell.renewOnRead && valid.length > 0) this.renew(deadlines)
    return valid
  }

  get length(): number {
    const { length } = this.plain
    return this.deadlinesOf(length).filter((deadlineMs) => this.isValid(deadlineMs)).length
  }

  clear(): void {
    this.ttl.forget(this.cell)
    this.plain.clear()
  }

  /** X5: those of elements that came without theirs are unknown. */
  private deadlinesOf(length: number): number[] {
    const deadlines = this.ttl.of(this.cell)
    if (Array.isArray(deadlines) && deadlines.length === length) return deadlines
    return new Array<number>(length).fill(Infinity)
  }

  private renew(deadlines: number[]): void {
    const renewed = deadlines.map((beforeMs) =>
      this.isValid(beforeMs) ? this.ttl.renewed(this.cell, beforeMs) : beforeMs,
    )
    this.ttl.keep(this.cell, renewed, Math.min(...renewed))
  }
}
