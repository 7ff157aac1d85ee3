/**
 * Everything the job log says, in the order of (term, slot).
 *
 * - C7: damaged is not absent: what cannot be read is listed with its place and reason, never left out.
 * - E2: a term's seal is its last one. A slot that was collected below it looks free to whoever listed before; what he
 *   creates there, a seal or `aborted`, says nothing, and he finds himself superseded.
 */
import type { CheckpointId, Term } from '../../core/ids.ts'
import { LogError } from '../errors.ts'
import type { Manifest } from '../manifest.ts'
import type { SlotStore } from '../store.ts'
import { comparePlaces, placeLabel, type SlotPlace, type SlotRecord } from './record.ts'
import { decodeSlot } from './slot-format.ts'

export interface LoggedCheckpoint extends SlotPlace {
  readonly manifest: Manifest
}

export interface Damage extends SlotPlace {
  readonly error: LogError
}

export interface LoggedFinish extends SlotPlace {
  readonly checkpoint: CheckpointId
}

export interface LoggedSlot {
  readonly slot: number
  readonly kind: SlotRecord['kind'] | 'damaged'
}

export interface TermHistory {
  readonly term: Term
  /** Null when slot 0 is damaged, or was sealed before anyone claimed it. */
  readonly claim: { readonly holder: string; readonly atMs: number } | null
  readonly sealed: boolean
  readonly slots: readonly LoggedSlot[]
}

export interface History {
  readonly terms: readonly TermHistory[]
  readonly checkpoints: readonly LoggedCheckpoint[]
  readonly finishes: readonly LoggedFinish[]
  readonly damages: readonly Damage[]
}

export const emptyHistory: History = { terms: [], checkpoints: [], finishes: [], damages: [] }

/** Reads the whole log. A coordinator calls it after `claimTerm` (E3); a reader, at any time. */
export async function readHistory(slots: SlotStore): Promise<History> {
  const draft = draftOf(emptyHistory)
  for (const term of await slots.terms()) {
    termOf(draft, term)
    const found = await readTerm(slots, term)
    const seal = found.findLast(({ record }) => isSeal(record))
    for (const { slot, record } of found) {
      const place = { term, slot }
      add(draft, place, seal && slot > seal.slot ? afterSeal(place, record) : record)
    }
  }
  return draft
}

interface FoundSlot {
  readonly slot: number
  readonly record: SlotRecord | LogError
}

async function readTerm(slots: SlotStore, term: Term): Promise<FoundSlot[]> {
  const found: FoundSlot[] = []
  for (const slot of await slots.slots(term)) {
    const record = await readRecord(slots, { term, slot })
    if (record) found.push({ slot, record })
  }
  return found
}

const isSeal = (record: SlotRecord | LogError): boolean =>
  !(record instanceof LogError) && record.kind === 'sealed'

/** The history with one more slot at its end: what a coordinator appended itself. */
export function extendHistory(history: History, place: SlotPlace, record: SlotRecord): History {
  const draft = draftOf(history)
  add(draft, place, record)
  return draft
}

/** A damaged slot may hide an id; this many ids above the highest known one are left out for each. */
const idsHiddenMax = 1_000_000

/** E6: the highest id that may ever have been completed; 0 in a fresh log. Later ids rise above it. */
export function highestCheckpoint(history: History): number {
  const known = [
    ...history.checkpoints.map(({ manifest }) => manifest.checkpoint),
    ...history.finishes.map((finish) => finish.checkpoint),
  ]
  return known.reduce((max, id) => Math.max(max, id), 0) + hidingDamages(history).length * idsHiddenMax
}

/** The damages that may hide a checkpoint newer than every readable one. A term's slot 0 never holds one. */
export function hidingDamages(history: History): readonly Damage[] {
  const newest = history.checkpoints.at(-1)
  return history.damages.filter((damage) => damage.slot > 0 && (!newest || comparePlaces(damage, newest) > 0))
}

interface TermDraft extends TermHistory {
  claim: TermHistory['claim']
  sealed: boolean
  readonly slots: LoggedSlot[]
}

interface Draft extends History {
  readonly terms: TermDraft[]
  readonly checkpoints: LoggedCheckpoint[]
  readonly finishes: LoggedFinish[]
  readonly damages: Damage[]
}

const draftOf = (history: History): Draft => ({
  terms: history.terms.map((term) => ({ ...term, slots: [...term.slots] })),
  checkpoints: [...history.checkpoints],
  finishes: [...history.finishes],
  damages: [...history.damages],
})

function termOf(draft: Draft, term: Term): TermDraft {
  const last = draft.terms.at(-1)
  if (last?.term === term) return last
  const added: TermDraft = { term, claim: null, sealed: false, slots: [] }
  draft.terms.push(added)
  return added
}

function add(draft: Draft, { term, slot }: SlotPlace, record: SlotRecord | LogError): void {
  const home = termOf(draft, term)
  if (record instanceof LogError) {
    home.slots.push({ slot, kind: 'damaged' })
    draft.damages.push({ term, slot, error: record })
    return
  }
  home.slots.push({ slot, kind: record.kind })
  if (record.kind === 'claimed') home.claim = { holder: record.holder, atMs: record.atMs }
  if (record.kind === 'sealed') home.sealed = true
  if (record.kind === 'checkpoint') draft.checkpoints.push({ term, slot, manifest: record.manifest })
  if (record.kind === 'finished') draft.finishes.push({ term, slot, checkpoint: record.checkpoint })
}

function afterSeal(place: SlotPlace, record: SlotRecord | LogError): LogError {
  if (record instanceof LogError) return record
  return new LogError(
    'SLOT_AFTER_SEAL',
    `log slot ${placeLabel(place)}: expected nothing after the term's seal, found a '${record.kind}' record; the store was altered, or let two writers create one slot`,
    { details: { ...place, kind: record.kind } },
  )
}

/** Null when it was collected since it was listed. */
async function readRecord(slots: SlotStore, place: SlotPlace): Promise<SlotRecord | LogError | null> {
  try {
    const bytes = await slots.read(place.term, place.slot)
    return bytes && decodeSlot(bytes, place)
  } catch (error) {
    if (error instanceof LogError) return error
    throw error
  }
}
