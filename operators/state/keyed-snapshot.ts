/**
 * V1: one snapshot of a step's keyed state, written while the stream goes on. Entries are encoded in slices;
 * `KeyedState` has an entry written before its key is entered. Output: a section a key group that holds
 * anything (bytes: see `restore.ts`).
 */
import { encodeValue } from '../../core/codec/index.ts'
import type { StepName } from '../../core/ids.ts'
import type { Entry } from './cells.ts'
import { GroupWriter, type GroupSection } from './group-format.ts'
import type { StateSchema } from './schema.ts'
import { decodeValue } from '../../core/codec/index.ts'
import { StateError } from './errors.ts'

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
  private exhausted = false

  constructor(options: KeyedSnapshotOptions) {
    this.options = options
    for (const group of options.ended) this.writer(group)
  }

  get done(): boolean {
    return this.exhausted
  }

  /** Writes up to `keysMax` keys more; true when all are written. */
  slice(keysMax: number): boolean {
    for (let written = 0; written < keysMax && !this.exhausted;) {
      const next = this.options.entries.next()
      if (next.done === true) {
        this.exhausted = true
        this.options.finished()
      } else if (next.value.mark < this.options.mark) {
        this.write(next.value)
        written += 1
      }
    }
    return this.exhausted
  }

  /** Writes one entry now. */
  write(entry: Entry): void {
    entry.mark = this.options.mark
    try {
      this.writer(entry.group).add(entry.key, entry.slots)
    } catch (cause) {
      throw new StateError(
        'STATE_UNENCODABLE',
        `the state of '${this.options.step}' for key ${JSON.stringify(String(entry.key))} cannot be stored: ${(cause as Error).message}`,
        { retry: 'record', cause, details: { step: this.options.step } },
      )
    }
  }

  /** All groups that hold something, once `done`. */
  sections(): GroupSection[] {
    return [...this.writers.entries()]
      .sort(([a], [b]) => a - b)
      .map(([group, writer]) => ({ group, chunks: writer.finish() }))
  }

  /** A deep copy of an entry's slots. */
  static copyEntry(entry: Entry, schema: StateSchema): unknown[] {
    const slots = decodeValue(encodeValue(entry.slots)) as unknown[]
    while (slots.length < schema.cells.length) slots.push(undefined)
    return slots
  }

  private writer(group: number): GroupWriter {
    let writer = this.writers.get(group)
    if (!writer) {
      writer = new GroupWriter({
        cells: this.options.schema.cells.map((cell) => cell.name),
        version: this.options.schema.version,
        ended: this.options.ended.has(group),
      })
      this.writers.set(group, writer)
    }
    return writer
  }
}
