/**
 * The job log as it was written: every slot from the moment it has its name, also those that are collected later. What
 * happens to the disk afterwards, and how it is read, does not change it; a power failure takes what was not synced.
 */
import { termNumber } from '../../../core/ids.ts'
import { LogError } from '../../../snapshot/errors.ts'
import { comparePlaces, decodeSlot, type SlotPlace, type SlotRecord } from '../../../snapshot/log/index.ts'

export interface WrittenSlot extends SlotPlace {
  readonly path: string
  /** Absent when it was damaged before it had its name. */
  readonly record: SlotRecord | undefined
}

export class WrittenLog {
  readonly violations: string[] = []
  private readonly slots = new Map<string, WrittenSlot>()

  /** Undefined for a file that is no slot. */
  linked(path: string, content: () => Uint8Array): WrittenSlot | undefined {
    const [, term, slot] = /\/log\/(\d+)\/(\d+)$/.exec(path) ?? []
    if (term === undefined) return undefined
    const place = { term: termNumber(Number(term)), slot: Number(slot) }
    const written = { ...place, path, record: recordOf(content(), place) }
    if (!this.slots.has(path)) this.slots.set(path, written)
    else if (!this.saysNothing(written)) this.violations.push(`${path} was written twice`)
    return written
  }

  /** Whoever looked before the slot was sealed above and collected may seal it, or give it up, once more. */
  private saysNothing({ term, slot, record }: WrittenSlot): boolean {
    if (record?.kind !== 'sealed' && record?.kind !== 'aborted') return false
    const above = (other: WrittenSlot): boolean => other.term === term && other.slot > slot
    return [...this.slots.values()].some((other) => above(other) && other.record?.kind === 'sealed')
  }

  powerLost(paths: ReadonlySet<string>): void {
    for (const path of this.slots.keys()) if (!paths.has(path)) this.slots.delete(path)
  }

  /** In the order of (term, slot). */
  all(): readonly WrittenSlot[] {
    return [...this.slots.values()].sort(comparePlaces)
  }
}

function recordOf(bytes: Uint8Array, place: SlotPlace): SlotRecord | undefined {
  try {
    return decodeSlot(bytes, place)
  } catch (error) {
    if (error instanceof LogError) return undefined
    throw error
  }
}
