/**
 * What may be deleted. Pure; `collect.ts` deletes it.
 *
 * - C9: the newest N checkpoints and every savepoint stay, with all parts that their manifests name.
 * - C9: what a restore may be reading stays (`protect`).
 * - E3: slot 0 and seals stay, and so does the highest slot of a term that is not sealed (see `log/claim.ts`).
 * - C7: damaged slots stay, and so does every part that one of them may name.
 * - E6: parts go when their manifest goes, or as orphans of sealed terms; never an orphan of a running epoch,
 *   whose manifest may be about to be written.
 */
import type { CheckpointId, Epoch, Term } from '../core/ids.ts'
import {
  placeLabel,
  type History,
  type LoggedCheckpoint,
  type SlotPlace,
  type TermHistory,
} from './log/index.ts'
import { parsePartName } from './part-name.ts'

export interface RetentionFacts {
  readonly history: History
  /** How many of the newest checkpoints stay: ≥ 1. */
  readonly keep: number
  /** Names of the parts in the store, where orphans are to be found too. */
  readonly parts?: readonly string[]
  /** Deployments that may still write parts: the own one and those it adopted. */
  readonly running?: readonly Epoch[]
  /** Checkpoints that a restore may be reading. */
  readonly protect?: readonly CheckpointId[]
}

export interface Collection {
  readonly slots: readonly SlotPlace[]
  readonly parts: readonly string[]
}

export function planCollection(facts: RetentionFacts): Collection {
  const { history } = facts
  const kept = keptCheckpoints(facts)
  const gone = history.checkpoints.filter((checkpoint) => !kept.has(checkpoint))
  const named = new Set([...kept].flatMap(partNames))
  const dead = new Set(deadTerms(history, facts.running ?? []))
  const orphans = (facts.parts ?? []).filter((name) => isOrphan(name, dead, history))
  return {
    slots: history.terms.flatMap((term) => collectableSlots(term, gone, history)),
    parts: [...new Set([...gone.flatMap(partNames), ...orphans])].filter((name) => !named.has(name)),
  }
}

/** Sealed terms without a running epoch: what they left unfinished is nobody's (`CheckpointStore.sweep`). */
export const deadTerms = (history: History, running: readonly Epoch[]): Term[] =>
  history.terms
    .filter(({ term, sealed }) => sealed && running.every((epoch) => epoch.term !== term))
    .map(({ term }) => term)

/** The history once the collection was deleted. */
export function withoutCollected(history: History, { slots }: Collection): History {
  if (slots.length === 0) return history
  const gone = new Set(slots.map(placeLabel))
  const stays = (place: SlotPlace): boolean => !gone.has(placeLabel(place))
  return {
    terms: history.terms.map((home) => ({
      ...home,
      slots: home.slots.filter(({ slot }) => stays({ term: home.term, slot })),
    })),
    checkpoints: history.checkpoints.filter(stays),
    finishes: history.finishes.filter(stays),
    damages: history.damages,
  }
}

function keptCheckpoints({ history, keep, protect }: RetentionFacts): ReadonlySet<LoggedCheckpoint> {
  const { checkpoints } = history
  const newest = checkpoints.length - Math.max(1, keep)
  const needed = new Set(protect)
  const stays = ({ manifest }: LoggedCheckpoint, index: number): boolean =>
    index >= newest || manifest.savepoint || needed.has(manifest.checkpoint)
  return new Set(checkpoints.filter(stays))
}

const partNames = ({ manifest }: LoggedCheckpoint): string[] => manifest.parts.map(({ name }) => name)

function collectableSlots(
  term: TermHistory,
  gone: readonly LoggedCheckpoint[],
  history: History,
): SlotPlace[] {
  const lastFinish = history.finishes.at(-1)
  const highest = term.slots.at(-1)?.slot
  const goneHere = new Set(gone.filter((place) => place.term === term.term).map(({ slot }) => slot))
  return term.slots
    .filter(({ slot, kind }) => {
      if (slot === 0 || (slot === highest && !term.sealed)) return false
      if (kind === 'checkpoint') return goneHere.has(slot)
      if (kind === 'finished') return !(lastFinish?.term === term.term && lastFinish.slot === slot)
      return kind === 'aborted'
    })
    .map(({ slot }) => ({ term: term.term, slot }))
}

/** Written by a dead term, and possibly named by no manifest that cannot be read. */
function isOrphan(name: string, dead: ReadonlySet<Term>, history: History): boolean {
  const term = parsePartName(name)?.epoch.term
  if (term === undefined || !dead.has(term)) return false
  return history.damages.every((damage) => damage.slot === 0 || damage.term < term)
}
