/** What a slot of the job log says. */
import type { CheckpointId, Term } from '../../core/ids.ts'
import type { Manifest } from '../manifest.ts'

export type SlotRecord =
  /** Slot 0: who took the term. `holder` differs between any two claims, so that one knows its own. */
  | { readonly kind: 'claimed'; readonly holder: string; readonly atMs: number }
  /** C5: the checkpoint is complete because this stands here. */
  | { readonly kind: 'checkpoint'; readonly manifest: Manifest }
  /** E3: the term is over. */
  | { readonly kind: 'sealed'; readonly byTerm: Term }
  /** E4: decides that the record which was meant for this slot is not in the log. */
  | { readonly kind: 'aborted' }
  /** C10: every commit of the final checkpoint is confirmed; the job is over. */
  | { readonly kind: 'finished'; readonly checkpoint: CheckpointId }

export interface SlotPlace {
  readonly term: Term
  readonly slot: number
}

/** `3/7`: term 3, slot 7, as in the store. */
export const placeLabel = (place: SlotPlace): string => `${place.term}/${place.slot}`

/** < 0: `a` was written to the log before `b`. */
export const comparePlaces = (a: SlotPlace, b: SlotPlace): number => a.term - b.term || a.slot - b.slot
