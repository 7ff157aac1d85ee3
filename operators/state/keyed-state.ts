/**
 * Keyed state of one step in one task: an entry a key, a slot a cell.
 *
 * - V1: while a snapshot runs, an entry that it has not written is encoded before its key is entered again;
 *   keys born later are left out. So handlers may change values in place.
 * - A key that holds nothing has no entry.
 * - 1 and '1' are different keys; tuples are equal by content.
 */
import { invariant } from '../../core/invariant.ts'
import { copyKey, encodeKey, keyGroup, tupleToken, type Key } from '../../core/keys/index.ts'
import type { StepName } from '../../core/ids.ts'
import { makeCells, type CellHost, type Entry } from './cells.ts'
import { KeyedSnapshot } from './keyed-snapshot.ts'
import { readGroup, type RestoredGroup } from './restore.ts'
import type { StateSchema } from './schema.ts'
import { liveSlots } from './timer-slot.ts'
import { TimerTable } from './timers.ts'
import { TtlTable } from './ttl.ts'

export interface KeyedStateOptions {
  readonly step: StepName
  readonly schema: StateSchema
  readonly keyGroups: number
  /** Groups [from, to) that this task owns. */
  readonly from: number
  readonly to: number
}

export class KeyedState implements CellHost {
  readonly cells: Readonly<Record<string, unknown>>
  current: Entry
  /** Present when the schema has timers, be it the engine's own. */
  readonly timers: TimerTable | undefined
  /** Present when a cell has a time-to-live. */
  readonly ttl: TtlTable | undefined
  private readonly options: KeyedStateOptions
  private readonly simple = new Map<unknown, Entry>()
  private readonly tuples = new Map<string, Entry>()
  private readonly endedGroups: Set<number>
  private running: KeyedSnapshot | undefined
  /** Number of the running snapshot, else 0: entries with a lower mark are not written yet. */
  private runningMark = 0
  private marks = 0

  constructor(options: KeyedStateOptions) {
    this.options = options
    this.endedGroups = new Set()
    this.current = this.detached(0)
    const { timerSlot, ttl } = options.schema
    this.timers = timerSlot === undefined && !ttl ? undefined : new TimerTable(this, timerSlot, ttl?.slot)
    this.ttl = ttl && this.timers && new TtlTable(this, ttl, this.timers)
    this.cells = makeCells(options.schema, this, this.ttl)
  }

  /** The key groups that this task owns. */
  get groups(): { readonly from: number; readonly to: number } {
    return this.options
  }

  get size(): number {
    return this.simple.size + this.tuples.size
  }

  owns(group: number): boolean {
    return group >= this.options.from && group < this.options.to
  }

  /** Makes `key` current. Throws a record error for an illegal key. */
  enter(key: Key): void {
    const found = this.find(key)
    if (found === undefined) this.current = this.detached(key)
    else this.resume(found)
  }

  /** Makes an entry that was found current. */
  resume(entry: Entry): void {
    if (entry.mark < this.runningMark) this.preserve(entry)
    this.current = entry
  }

  find(key: Key): Entry | undefined {
    return typeof key === 'object' ? this.tuples.get(tupleToken(key)) : this.simple.get(key)
  }

  /** The key group of the current key. */
  currentGroup(): number {
    const { attached, group, key } = this.current
    return attached ? group : keyGroup(key, this.options.keyGroups)
  }

  attach(entry: Entry): void {
    if (typeof entry.key === 'object') entry.key = copyKey(entry.key)
    else encodeKey(entry.key)
    const group = keyGroup(entry.key, this.options.keyGroups)
    invariant(
      this.owns(group),
      `keyed state of '${this.options.step}' got a key of group ${group}, owns [${this.options.from}, ${this.options.to})`,
    )
    this.insert(entry, group)
  }

  private insert(entry: Entry, group: number): void {
    const { key } = entry
    entry.group = group
    entry.mark = this.marks
    entry.attached = true
    if (typeof key === 'object') this.tuples.set(tupleToken(key), entry)
    else this.simple.set(key, entry)
  }

  settle(entry: Entry): void {
    if (entry.attached && entry.slots.every((value) => value === undefined)) this.detach(entry)
  }

  private detach(entry: Entry): void {
    entry.attached = false
    if (typeof entry.key === 'object') this.tuples.delete(tupleToken(entry.key))
    else this.simple.delete(entry.key)
  }

  /** P1: the current key's values as they are now; calling the result puts them back. */
  save(): () => void {
    const { key, attached } = this.current
    const saved = attached ? KeyedSnapshot.copyEntry(this.current, this.options.schema) : undefined
    return () => {
      this.enter(key)
      if (this.current.attached) this.detach(this.current)
      this.current = this.detached(key)
      if (!saved) return
      this.current.slots = saved
      this.attach(this.current)
      this.timers?.track(this.current)
    }
  }

  /** Begins a snapshot of the state as it is now; an unfinished older one is given up. */
  beginSnapshot(): KeyedSnapshot {
    this.marks += 1
    this.runningMark = this.marks
    const entries = this.entries()
    const snapshot = new KeyedSnapshot({
      step: this.options.step,
      schema: this.options.schema,
      groups: { from: this.options.from, to: this.options.to },
      ended: new Set(this.endedGroups),
      mark: this.marks,
      entries,
      finished: () => {
        if (this.running === snapshot) this.endSnapshot()
      },
    })
    this.running = snapshot
    return snapshot
  }

  /** Gives up the running snapshot, if any. */
  endSnapshot(): void {
    this.running = undefined
    this.runningMark = 0
  }

  /** Takes one restored group over; called before any record. */
  restore(group: RestoredGroup): void {
    if (group.ended) this.endedGroups.add(group.group)
    readGroup(group, this.options, (key, slots) => {
      if (slots.every((slot) => slot === undefined)) return
      const entry = this.detached(key)
      entry.slots = liveSlots(slots, this.options.schema.timerSlot)
      // The key was checked and hashed when it was first attached; the section's checksum vouches for it since.
      this.insert(entry, group.group)
      if (group.ended) return
      this.ttl?.adopt(entry)
      this.timers?.track(entry)
    })
  }

  /**
   * Keys of groups whose `onEnd` has not run, in no particular order; each may be entered and changed. A copy:
   * an entry that is cleared and set again would come up twice in a live iteration.
   */
  keysToEnd(): Key[] {
    const keys: Key[] = []
    for (const entry of this.entries()) if (!this.endedGroups.has(entry.group)) keys.push(entry.key)
    return keys
  }

  /** C10: `onEnd` ran for every key, and never runs again, also after a restore. */
  markEnded(): void {
    for (let group = this.options.from; group < this.options.to; group += 1) this.endedGroups.add(group)
    this.timers?.clear()
  }

  private *entries(): IterableIterator<Entry> {
    yield* this.simple.values()
    yield* this.tuples.values()
  }

  private preserve(entry: Entry): void {
    this.running?.write(entry)
  }

  private detached(key: Key): Entry {
    return {
      key,
      group: -1,
      mark: 0,
      attached: false,
      slots: new Array<unknown>(this.options.schema.cells.length).fill(undefined),
      derived: undefined,
    }
  }
}
