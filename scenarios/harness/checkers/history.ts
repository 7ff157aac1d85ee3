/**
 * The job log as a whole: each checkpoint is complete once, ids rise, nothing is written behind a seal, and what a stale
 * reign or attempt did is not in it.
 */
export interface LoggedSlot {
  readonly term: number
  readonly slot: number
  readonly record:
    | { readonly kind: 'claimed' }
    | { readonly kind: 'sealed' }
    | { readonly kind: 'aborted' }
    | {
        readonly kind: 'checkpoint'
        readonly id: number
        readonly final: boolean
        readonly epoch: { readonly term: number; readonly attempt: number }
      }
    | { readonly kind: 'finished'; readonly checkpoint: number }
}

/** `slots` in the order of (term, slot). Returns what is wrong, in words. */
export function checkHistory(slots: readonly LoggedSlot[]): readonly string[] {
  const violations: string[] = []
  const finals = new Set<number>()
  const sealed = new Set<number>()
  let newest = 0
  let epoch = { term: 0, attempt: 0 }
  for (const { term, slot, record } of slots) {
    const where = `slot ${term}/${slot}`
    // A seal that could not be read is written again.
    if (sealed.has(term) && record.kind !== 'sealed')
      violations.push(`${where}: ${record.kind} stands behind the seal`)
    if (record.kind === 'sealed') sealed.add(term)
    if (record.kind === 'finished' && !finals.has(record.checkpoint)) {
      violations.push(`${where}: finished with ${record.checkpoint}, which is no complete final checkpoint`)
    }
    if (record.kind !== 'checkpoint') continue
    if (record.id <= newest) violations.push(`${where}: checkpoint ${record.id} stands behind ${newest}`)
    newest = Math.max(newest, record.id)
    if (record.epoch.term > term || isOlder(record.epoch, epoch)) {
      violations.push(`${where}: checkpoint ${record.id} is of the stale epoch ${labelOf(record.epoch)}`)
    }
    epoch = record.epoch
    if (record.final) finals.add(record.id)
  }
  return violations
}

interface Epoch {
  readonly term: number
  readonly attempt: number
}

const isOlder = (a: Epoch, b: Epoch): boolean =>
  a.term < b.term || (a.term === b.term && a.attempt < b.attempt)
const labelOf = ({ term, attempt }: Epoch): string => `${term}.${attempt}`
