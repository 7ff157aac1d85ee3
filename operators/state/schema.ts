/**
 * Typed cells of keyed state. A declaration (`cell`, `mapCell`, `listCell`) is shared by all tasks; in a
 * handler, `context.state.<name>` is the cell of the current key.
 */
import { ConfigError } from '../../core/errors.ts'

export type MapCellKey = string | number | bigint | boolean

export interface CellDeclaration<T> {
  readonly kind: 'cell'
  readonly initial: (() => T) | undefined
}
export interface MapCellDeclaration<K extends MapCellKey, V> {
  readonly kind: 'map'
  readonly _types?: readonly [K, V]
}
export interface ListCellDeclaration<T> {
  readonly kind: 'list'
  readonly _type?: T
}

export type AnyCellDeclaration =
  CellDeclaration<unknown> | MapCellDeclaration<MapCellKey, unknown> | ListCellDeclaration<unknown>

export type CellDeclarations = Readonly<Record<string, AnyCellDeclaration>>

/** One value a key. `get` answers `initial()` (stored on the first read) or, without one, undefined. */
export function cell<T>(): CellDeclaration<T | undefined>
export function cell<T>(initial: () => T): CellDeclaration<T>
export function cell<T>(initial?: () => T): CellDeclaration<T | undefined> {
  return { kind: 'cell', initial }
}

/** A map a key, for when only some of its entries are touched at a time. */
export function mapCell<K extends MapCellKey, V>(): MapCellDeclaration<K, V> {
  return { kind: 'map' }
}

/** A list a key. */
export function listCell<T>(): ListCellDeclaration<T> {
  return { kind: 'list' }
}

export interface Cell<T> {
  get(): T
  set(value: T): void
  update(change: (value: T) => T): void
  clear(): void
}

export interface MapCell<K extends MapCellKey, V> {
  get(key: K): V | undefined
  has(key: K): boolean
  set(key: K, value: V): void
  delete(key: K): boolean
  entries(): IterableIterator<[K, V]>
  readonly size: number
  clear(): void
}

export interface ListCell<T> {
  append(value: T): void
  values(): readonly T[]
  readonly length: number
  clear(): void
}

/** The cells that a handler sees for given declarations. */
export type Cells<D extends CellDeclarations> = {
  readonly [Name in keyof D]: D[Name] extends CellDeclaration<infer T>
    ? Cell<T>
    : D[Name] extends MapCellDeclaration<infer K, infer V>
      ? MapCell<K, V>
      : D[Name] extends ListCellDeclaration<infer T>
        ? ListCell<T>
        : never
}

/** A step's cells in a fixed order, with the version of their content. */
export interface StateSchema {
  /** The user's, then the engine's own. */
  readonly cells: readonly { readonly name: string; readonly declaration: AnyCellDeclaration }[]
  /** Raised by the user when the content's shape changes. Default 1. */
  readonly version: number
  /** Turns one key's values (by cell name) of an older version into today's. */
  readonly migrate:
    ((values: Record<string, unknown>, fromVersion: number) => Record<string, unknown>) | undefined
  /** Index in `cells` of the slot with a key's timers (`timers.ts`); undefined for steps without. */
  readonly timerSlot?: number
}

/** A name that no cell of a user's can have. */
export const timerCell = '(timers)'

export function stateSchema(
  declarations: CellDeclarations,
  options: {
    readonly version?: number | undefined
    readonly migrate?: StateSchema['migrate']
    /** The step has timers. */
    readonly timers?: boolean
  } = {},
): StateSchema {
  const version = options.version ?? 1
  if (!Number.isSafeInteger(version) || version < 1) {
    throw new ConfigError('STATE_VERSION', `a state version must be a whole number ≥ 1, got ${version}`)
  }
  const cells = Object.entries(declarations)
    .map(([name, declaration]) => ({ name, declaration }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  if (cells.some(({ name }) => name === timerCell)) {
    throw new ConfigError('STATE_CELL', `a cell cannot be named '${timerCell}': the engine's own is`)
  }
  if (options.timers !== true) return { cells, version, migrate: options.migrate }
  return {
    cells: [...cells, { name: timerCell, declaration: { kind: 'cell', initial: undefined } }],
    version,
    migrate: options.migrate,
    timerSlot: cells.length,
  }
}
