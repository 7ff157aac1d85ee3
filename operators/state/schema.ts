/**
 * Typed cells of keyed state. A declaration (`cell`, `mapCell`, `listCell`) is shared by all tasks; in a
 * handler, `context.state.<name>` is the cell of the current key.
 */
import { ConfigError } from '../../core/errors.ts'
import { resolveTtl, type ResolvedTtl, type StateTtl } from './ttl-options.ts'

export type MapCellKey = string | number | bigint | boolean

export interface CellDeclaration<T> {
  readonly kind: 'cell'
  readonly initial: (() => T) | undefined
  readonly ttl: StateTtl | undefined
}
export interface MapCellDeclaration<K extends MapCellKey, V> {
  readonly kind: 'map'
  readonly ttl: StateTtl | undefined
  readonly _types?: readonly [K, V]
}
export interface ListCellDeclaration<T> {
  readonly kind: 'list'
  readonly ttl: StateTtl | undefined
  readonly _type?: T
}

export type AnyCellDeclaration =
  CellDeclaration<unknown> | MapCellDeclaration<MapCellKey, unknown> | ListCellDeclaration<unknown>

export type CellDeclarations = Readonly<Record<string, AnyCellDeclaration>>

/** One value a key. `get` answers `initial()` (stored on the first read) or, without one, undefined. */
export function cell<T>(ttl?: StateTtl): CellDeclaration<T | undefined>
export function cell<T>(initial: () => T, ttl?: StateTtl): CellDeclaration<T>
export function cell<T>(first?: (() => T) | StateTtl, second?: StateTtl): CellDeclaration<T | undefined> {
  const [initial, ttl] = typeof first === 'function' ? [first, second] : [undefined, first]
  return { kind: 'cell', initial, ttl }
}

/** A map a key, for when only some of its entries are touched at a time. Each entry has its own time-to-live. */
export function mapCell<K extends MapCellKey, V>(ttl?: StateTtl): MapCellDeclaration<K, V> {
  return { kind: 'map', ttl }
}

/** A list a key. Each element has its own time-to-live. */
export function listCell<T>(ttl?: StateTtl): ListCellDeclaration<T> {
  return { kind: 'list', ttl }
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
  /** Present where a cell has a time-to-live. */
  readonly ttl?: TtlPlan
}

/** The cells whose values expire, and the slot with their deadlines (`ttl.ts`). */
export interface TtlPlan {
  readonly slot: number
  readonly cells: readonly TtlCell[]
}

export interface TtlCell extends ResolvedTtl {
  readonly name: string
  readonly kind: AnyCellDeclaration['kind']
  readonly slot: number
}

/** Names that no cell of a user's can have. */
export const timerCell = '(timers)'
export const ttlCell = '(ttl)'

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
  const taken = cells.find(({ name }) => name === timerCell || name === ttlCell)
  if (taken) {
    throw new ConfigError('STATE_CELL', `a cell cannot be named '${taken.name}': the engine's own is`)
  }
  const expiring = cells.flatMap(({ name, declaration: { kind, ttl } }, slot): TtlCell[] =>
    ttl === undefined ? [] : [{ name, kind, slot, ...resolveTtl(`the cell '${name}'`, ttl) }],
  )
  const hidden = [
    ...(options.timers === true ? [timerCell] : []),
    ...(expiring.length > 0 ? [ttlCell] : []),
  ].map((name) => ({ name, declaration: cell() }))
  return {
    cells: [...cells, ...hidden],
    version,
    migrate: options.migrate,
    ...(options.timers === true && { timerSlot: cells.length }),
    ...(expiring.length > 0 && { ttl: { slot: cells.length + hidden.length - 1, cells: expiring } }),
  }
}

/** With the time of cells that leave it to the stream. */
export function inStream(schema: StateSchema, timed: boolean): StateSchema {
  if (!schema.ttl) return schema
  const cells = schema.ttl.cells.map((each) => ({ ...each, time: each.time ?? (timed ? 'event' : 'clock') }))
  return { ...schema, ttl: { ...schema.ttl, cells } }
}

/** Whether a step with this state must have event time. */
export const needsEventTime = ({ ttl }: StateSchema): boolean =>
  ttl?.cells.some(({ time }) => time === 'event') === true
