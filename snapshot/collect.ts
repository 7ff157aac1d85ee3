/**
 * Deletes what `planCollection` chose.
 *
 * - E3: only while no higher term exists; a coordinator that was superseded deletes nothing more.
 * - C9: a manifest goes before its parts, so that what the log shows is whole.
 */
import type { Term } from '../core/ids.ts'
import { refuseHigherTerm } from './log/index.ts'
import type { Collection } from './retention.ts'
import type { CheckpointStore } from './store.ts'

/** One at a time per term. Rejects with `SupersededError` or the store's error; what is left goes next time. */
export async function collect(store: CheckpointStore, collection: Collection, term: Term): Promise<void> {
  if (collection.slots.length === 0 && collection.parts.length === 0) return
  await refuseHigherTerm(store.log, term)
  for (const place of collection.slots) await store.log.remove(place.term, place.slot)
  for (const name of collection.parts) await store.parts.remove(name)
}
