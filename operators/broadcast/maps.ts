/**
 * Broadcast state in one task: maps that every task of a step holds alike.
 *
 * - BS1: the broadcast side comes through one task, so every task of the step gets the same records in the same order.
 *   Only they change the maps, and values are replaced, never changed in place (they are frozen).
 * - BS2: at a barrier that was aligned all copies are the same. One that overtakes (C4) cuts each link where it is: the
 *   copies then differ by what was on its way to each task. So every task writes its own copy, and is restored with it
 *   and with its own link's channel state; Flink lets no barrier overtake on such links instead.
 * - BS3: with another number of tasks each begins with the first one's copy. A checkpoint with channel state is refused
 *   then (C4), so all are the same; where they differ, the handler is at fault, and the restore fails (`COPIES_DIFFER`).
 * - BS4: what the broadcast side emits leaves from the first task alone, so it does not depend on the parallelism.
 * - P1: a throw undoes what its handler changed.
 */
import { encodeValue } from '../../core/codec/index.ts'
import { freezeDeep } from '../../core/codec/freeze.ts'
import { ConfigError } from '../../core/errors.ts'
import type { StepName } from '../../core/ids.ts'
import { OperatorError } from '../errors.ts'
import type { UnkeyedSection } from '../operator.ts'
import { StateError } from '../state/errors.ts'
import type { MapCell, MapCellDeclaration, MapCellKey } from '../state/schema.ts'

/** Maps by name, declared with `mapCell<K, V>()`. */
export type BroadcastDeclarations = Readonly<Record<string, MapCellDeclaration<MapCellKey, unknown>>>

/** What handlers of the main side see of a map. */
export type ReadonlyMapCell<K extends MapCellKey, V> = Pick<MapCell<K, V>, 'get' | 'has' | 'entries' | 'size'>

/** As the broadcast side has them. */
export type BroadcastMaps<B extends BroadcastDeclarations> = {
  readonly [Name in keyof B]: B[Name] extends MapCellDeclaration<infer K, infer V> ? MapCell<K, V> : never
}

/** As the main side has them. */
export type BroadcastView<B extends BroadcastDeclarations> = {
  readonly [Name in keyof B]: B[Name] extends MapCellDeclaration<infer K, infer V>
    ? ReadonlyMapCell<K, V>
    : never
}

/** Throws ConfigError `STATE_CELL` for what is no map. */
export function mapNames(declared: BroadcastDeclarations): readonly string[] {
  const names = Object.keys(declared).sort()
  const illegal = names.find((name) => (declared[name] as { kind: string } | undefined)?.kind !== 'map')
  if (illegal === undefined) return names
  throw new ConfigError(
    'STATE_CELL',
    `broadcast state is made of maps, and '${illegal}' is none; declare it with mapCell<K, V>()`,
  )
}

export class BroadcastState {
  /** By name; the same for both sides: which of them may write is a matter of `change`. */
  readonly maps: Readonly<Record<string, BroadcastMap>>
  private readonly step: StepName
  private undo: (() => void)[] | undefined

  constructor(step: StepName, names: readonly string[]) {
    this.step = step
    const record = (name: string, undo: () => void): void => {
      if (!this.undo) throw this.readOnly(name)
      this.undo.push(undo)
    }
    const maps = Object.create(null) as Record<string, BroadcastMap>
    for (const name of names) maps[name] = new BroadcastMap((undo) => record(name, undo))
    this.maps = maps
  }

  /** Calls the broadcast side's handler, which may write. P1: what it wrote before a throw is undone. */
  change(handler: () => void): void {
    const undo: (() => void)[] = []
    this.undo = undo
    try {
      handler()
    } catch (cause) {
      for (const back of undo.reverse()) back()
      throw cause
    } finally {
      this.undo = undefined
    }
  }

  snapshot(): UnkeyedSection[] {
    const stored = Object.entries(this.maps).map(([name, map]): StoredMap => [name, map.content])
    return [{ scope: { kind: 'copy' }, value: stored }]
  }

  /** Throws StateError `STATE_INCOMPATIBLE` for entries of a map that is not declared any more. */
  restore(sections: readonly UnkeyedSection[]): void {
    for (const { value } of sections) {
      for (const [name, content] of value as readonly StoredMap[]) {
        const map = this.maps[name]
        if (map) map.restore(content)
        else if (content.size > 0) throw this.incompatible(name)
      }
    }
  }

  private readOnly(name: string): OperatorError {
    return new OperatorError(
      'BROADCAST_READ_ONLY',
      `'${this.step}' wrote to the broadcast map '${name}' outside of onBroadcast; only broadcast records may change it, since only they reach every task`,
      { retry: 'fatal', details: { step: this.step, map: name } },
    )
  }

  private incompatible(name: string): StateError {
    return new StateError(
      'STATE_INCOMPATIBLE',
      `the stored broadcast state of '${this.step}' has the map '${name}', which this code does not declare; declare it, and empty it in onBroadcast before you take it out`,
      { retry: 'fatal', details: { step: this.step, map: name } },
    )
  }
}

type StoredMap = readonly [name: string, content: Map<MapCellKey, unknown>]

class BroadcastMap implements MapCell<MapCellKey, unknown> {
  content = new Map<MapCellKey, unknown>()
  private readonly writing: (undo: () => void) => void

  constructor(writing: (undo: () => void) => void) {
    this.writing = writing
  }

  get size(): number {
    return this.content.size
  }

  get(key: MapCellKey): unknown {
    return this.content.get(key)
  }

  has(key: MapCellKey): boolean {
    return this.content.has(key)
  }

  entries(): IterableIterator<[MapCellKey, unknown]> {
    return this.content.entries()
  }

  set(key: MapCellKey, value: unknown): void {
    // What no checkpoint can hold is refused where it is written, not at the next barrier.
    encodeValue([key, value])
    this.writing(this.putBack(key))
    this.content.set(key, freezeDeep(value))
  }

  delete(key: MapCellKey): boolean {
    this.writing(this.putBack(key))
    return this.content.delete(key)
  }

  clear(): void {
    const before = this.content
    this.writing(() => (this.content = before))
    this.content = new Map()
  }

  restore(content: Map<MapCellKey, unknown>): void {
    this.content = freezeDeep(content)
  }

  private putBack(key: MapCellKey): () => void {
    const { content } = this
    const had = content.has(key)
    const before = content.get(key)
    return () => (had ? content.set(key, before) : content.delete(key))
  }
}
