/**
 * A store that lives as long as its definition: a job run again with the same one goes on from it. It keeps
 * bytes, not references: what is put in or handed out may be changed by its owner.
 */
import type { Term } from '../../core/ids.ts'
import { checkPartName } from '../part-name.ts'
import { partExists, partMissing } from './part-errors.ts'
import type { CheckpointStore, PartStore, SlotStore, StoreDefinition } from '../store.ts'

/** For tests and for flows that need not survive their process. */
export function memoryStore(): StoreDefinition {
  const store: CheckpointStore = {
    log: memorySlots(),
    parts: memoryParts(),
    address: null,
    sweep: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
  return { kind: 'memory', open: () => Promise.resolve(store) }
}

export function memorySlots(): SlotStore {
  const terms = new Map<Term, Map<number, Uint8Array>>()
  return {
    terms: async () => [...terms.keys()].sort((a, b) => a - b),
    slots: async (term) => [...(terms.get(term)?.keys() ?? [])].sort((a, b) => a - b),
    async create(term, slot, bytes) {
      const slots = terms.get(term) ?? new Map<number, Uint8Array>()
      if (slots.has(slot)) return 'taken'
      slots.set(slot, bytes.slice())
      terms.set(term, slots)
      return 'created'
    },
    read: async (term, slot) => terms.get(term)?.get(slot)?.slice() ?? null,
    async remove(term, slot) {
      terms.get(term)?.delete(slot)
    },
  }
}

export function memoryParts(): PartStore {
  const parts = new Map<string, Uint8Array>()
  return {
    async put(name, chunks) {
      checkPartName(name)
      if (parts.has(name)) throw partExists(name)
      parts.set(name, new Uint8Array(Buffer.concat(chunks)))
    },
    async get(name) {
      const bytes = parts.get(checkPartName(name))
      if (!bytes) throw partMissing(name)
      return bytes.slice()
    },
    list: async () => [...parts.keys()].sort(),
    async remove(name) {
      parts.delete(checkPartName(name))
    },
  }
}
