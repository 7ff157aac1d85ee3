/**
 * V1: one snapshot of a step's keyed state, written while the stream goes on. Entries are encoded in slices;
 * `KeyedState` has an entry written before its key is entered. Output: a section a key group that holds
 * anything (bytes: see `restore.ts`).
 */
import { decodeValue, encodeValue } from '../../core/codec/index.ts'
import type { StepName } from '../../core/ids.ts'
import type { Key } from '../../core/keys/index.ts'
import type { Entry } from './cells.ts'
import { GroupWriter, type GroupSection } from './group-format.ts'
import { LastingSlots } from './lasting-slots.ts'
import type { StateSchema } from './schema.ts'
import { StateError } from './errors.ts'
import { liveSlots, storedSlots } from './timer-slot.ts'

export interface KeyedSnapshotOptions {
  readonly step: StepName
  readonly schema: StateSchema
  readonly groups: { readonly from: number; readonly to: number }
  /** Groups whose `onEnd` ran. */
  readonly ended: ReadonlySet<number>
  readonly mark: number
  readonly entries: IterableIterator<Entry>
  readonly finished: () => void
}

export class KeyedSnapshot {
  private readonly options: KeyedSnapshotOptions
  private readonly writers = new Map<number, GroupWriter>()
  private readonly lasting: LastingSlots
  private exhausted = false
  /** Groups whose last keys wait to be encoded, once every key is in a group. */
  private unfinished: GroupWriter[] = []

  constructor(options: KeyedSnapshotOptions) {
    this.options = options
    this.lasting = new LastingSlots(options.schema.timerSlot)
    for (const group of options.ended) this.writer(group)
  }

  get done(): boolean {
    return this.exhausted && this.unfinished.length === 0
  }

  /** Writes up to about `keysMax` keys more; true when all are written and encoded. */
  slice(keysMax: number): boolean {
    let left = keysMax
    while (left > 0 && !this.exhausted) {
      const next = this.options.entries.next()
      if (next.done === true) {
        this.exhausted = true
        this.unfinished = [...this.writers.values()]
        this.options.finished()
      } else if (next.value.mark < this.options.mark) {
        this.write(next.value)
        left -= 1
      }
    }
    while (left > 0 && this.unfinished.length > 0) left -= this.unfinished.pop()?.flush() ?? 0
    return this.done
  }

  /** Writes one entry now. */
  write(entry: Entry): void {
    const slots = storedSlots(entry.slots, this.options.schema.timerSlot)
    const lasting = this.lasting.of(slots)
    const writer = this.writer(entry.group)
    if (lasting) writer.add(entry.key, lasting)
    else writer.addNow(entry.key, slots)
    // Not before: an entry that cannot be encoded must fail every try, or the snapshot would lack it.
    entry.mark = this.options.mark
  }

  /** All groups that hold something, once `done`. */
  sections(): GroupSection[] {
    return [...this.writers.entries()]
      .sort(([a], [b]) => a - b)
      .map(([group, writer]) => ({ group, chunks: writer.chunks }))
  }

  /** A deep copy of an entry's slots. */
  static copyEntry(entry: Entry, schema: StateSchema): unknown[] {
    const slots = decodeValue(encodeValue(storedSlots(entry.slots, schema.timerSlot))) as unknown[]
    while (slots.length < schema.cells.length) slots.push(undefined)
    return liveSlots(slots, schema.timerSlot)
  }

  private writer(group: number): GroupWriter {
    let writer = this.writers.get(group)
    if (!writer) {
      const header = {
        cells: this.options.schema.cells.map((cell) => cell.name),
        version: this.options.schema.version,
        ended: this.options.ended.has(group),
      }
      writer = new GroupWriter(header, (key, cause) => unencodable(this.options.step, key, cause))
      this.writers.set(group, writer)
    }
    return writer
  }
}

const unencodable = (step: StepName, key: Key, cause: unknown): StateError =>
  new StateError(
    'STATE_UNENCODABLE',
    `the state of '${step}' for key ${JSON.stringify(String(key))} cannot be stored: ${(cause as Error).message}`,
    { retry: 'record', cause, details: { step } },
  )
