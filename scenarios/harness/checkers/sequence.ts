/**
 * Per-key sequence: who numbers each key's records from 1 must see next − current = 1. What is wrong is counted over all
 * keys, so that a lost and a doubled record do not cancel out.
 */
export interface Sequenced {
  readonly key: string
  readonly number: number
}

export interface SequenceCounts {
  readonly lost: number
  readonly duplicated: number
  /** Numbers that no record has: below 1, above the key's last, not whole, or of an unknown key. */
  readonly phantom: number
  /** Whole and expected, and after a higher one. */
  readonly outOfOrder: number
}

/** `found` in the order in which a reader sees it; `last`: of each key, the number of its last record. */
export function checkSequence(found: Iterable<Sequenced>, last: ReadonlyMap<string, number>): SequenceCounts {
  const seen = new Map<string, Set<number>>()
  const counts = { lost: 0, duplicated: 0, phantom: 0, outOfOrder: 0 }
  for (const { key, number } of found) {
    const numbers = seen.get(key) ?? new Set()
    seen.set(key, numbers)
    if (!Number.isInteger(number) || number < 1 || number > (last.get(key) ?? 0)) counts.phantom += 1
    else if (numbers.has(number)) counts.duplicated += 1
    else {
      if (numbers.size > 0 && number < highest(numbers)) counts.outOfOrder += 1
      numbers.add(number)
    }
  }
  for (const [key, count] of last) counts.lost += count - (seen.get(key)?.size ?? 0)
  return counts
}

const highest = (numbers: ReadonlySet<number>): number => {
  let high = 0
  for (const number of numbers) if (number > high) high = number
  return high
}

export const isSequence = ({ lost, duplicated, phantom, outOfOrder }: SequenceCounts): boolean =>
  lost + duplicated + phantom + outOfOrder === 0
