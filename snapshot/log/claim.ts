/**
 * E3: taking over a job. Create the next term's slot 0, then write `sealed` into the first free slot of every
 * unsealed lower term. Only after that may anyone read the log and choose a checkpoint.
 *
 * Why the first free slot is the one after the highest, although collection leaves holes below it: a
 * coordinator removes slots only while it sees no higher term (`collect.ts`) and never its highest slot. Our
 * slot 0 stands before we list, so whatever is removed from then on was chosen before, below a slot that stays.
 *
 * A successor that overtakes us between our listing and our seal may have sealed above and collected below: then ours
 * stands below his, and says nothing (`history.ts`); the higher term is seen at the end.
 *
 * Sealing also makes durable what the sealed term wrote: the folder of its slots is synced with the seal.
 */
import { termNumber, type Term } from '../../core/ids.ts'
import { LogError, SupersededError } from '../errors.ts'
import type { SlotStore } from '../store.ts'
import { decodeSlot, encodeSlot } from './slot-format.ts'
import { sameBytes } from './same-bytes.ts'
import { TermWriter } from './term-writer.ts'

export interface Claim {
  /** Differs between any two claims, also of one process: an own slot 0 is known by it. */
  readonly holder: string
  readonly atMs: number
}

const triesMax = 1000

/**
 * Rejects with `SupersededError` when a higher term appears meanwhile, with `CLAIM_CONTENDED`, or with the
 * store's error; a claim that failed may be tried again with another `holder`.
 */
export async function claimTerm(slots: SlotStore, claim: Claim): Promise<TermWriter> {
  const term = await createTerm(slots, claim)
  for (const lower of await slots.terms()) {
    if (lower < term) await sealTerm(slots, lower, term)
  }
  await refuseHigherTerm(slots, term)
  return new TermWriter(slots, term, 1)
}

/** Throws `SupersededError` when the log shows a term above this one. */
export async function refuseHigherTerm(slots: SlotStore, term: Term): Promise<void> {
  const highest = (await slots.terms()).at(-1)
  if (highest !== undefined && highest > term) throw new SupersededError(term, `term ${highest}`)
}

async function createTerm(slots: SlotStore, claim: Claim): Promise<Term> {
  const bytes = encodeSlot({ kind: 'claimed', ...claim })
  const highest = (await slots.terms()).at(-1) ?? 0
  for (let tried = 1; tried <= triesMax; tried += 1) {
    const term = termNumber(highest + tried)
    if ((await createOrRetry(slots, term, bytes)) === 'created') return term
    const found = await slots.read(term, 0)
    if (found && sameBytes(found, bytes)) return term
  }
  throw new LogError('CLAIM_CONTENDED', `no free term within ${triesMax} above ${highest}; try again later`, {
    retry: 'retry',
  })
}

/** The bytes are ours alone, so that creating them again settles an unknown outcome. */
async function createOrRetry(slots: SlotStore, term: Term, bytes: Uint8Array): Promise<'created' | 'taken'> {
  try {
    return await slots.create(term, 0, bytes)
  } catch {
    return slots.create(term, 0, bytes)
  }
}

async function sealTerm(slots: SlotStore, term: Term, byTerm: Term): Promise<void> {
  const seal = encodeSlot({ kind: 'sealed', byTerm })
  const highest = (await slots.slots(term)).at(-1)
  if (highest !== undefined && (await isSeal(slots, term, highest))) return
  const first = (highest ?? -1) + 1
  for (let slot = first; slot < first + triesMax; slot += 1) {
    if ((await slots.create(term, slot, seal)) === 'created' || (await isSeal(slots, term, slot))) return
  }
  throw new LogError('CLAIM_CONTENDED', `term ${term} fills slots faster than it can be sealed; try again`, {
    retry: 'retry',
  })
}

/** A damaged slot may be a seal or not; a second seal does no harm. */
async function isSeal(slots: SlotStore, term: Term, slot: number): Promise<boolean> {
  const bytes = await readUnlessDamaged(slots, term, slot)
  if (!bytes) return false
  try {
    return decodeSlot(bytes, { term, slot }).kind === 'sealed'
  } catch {
    return false
  }
}

async function readUnlessDamaged(slots: SlotStore, term: Term, slot: number): Promise<Uint8Array | null> {
  try {
    return await slots.read(term, slot)
  } catch (error) {
    if (error instanceof LogError) return null
    throw error
  }
}
