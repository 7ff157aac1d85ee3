/**
 * The automaton of a pattern: attempts at it, each as far as the records that it holds. A pure function, after the
 * NFA with a match buffer of Agrawal, Diao, Gyllstrom, Immerman, "Efficient pattern matching over event streams"
 * (SIGMOD 2008), sections 2.1 and 4; `next` is its strict contiguity, `followedBy` its skip till next match.
 */
import type { Stage } from './pattern.ts'

/** Plain data: it is what the state holds. */
export type Attempt = [startMs: number, records: unknown[]]

/**
 * - `none`: every attempt is completed by itself, so a record may be in several matches.
 * - `past-last`: a match ends all attempts: the next match begins behind its last record.
 */
export type SkipStrategy = 'none' | 'past-last'

export interface Automaton {
  readonly stages: readonly Stage[]
  readonly withinMs: number
  readonly skip: SkipStrategy
}

export interface Advance {
  readonly attempts: Attempt[]
  /** The records of each match, stage by stage; that of the oldest attempt first. */
  readonly matches: readonly unknown[][]
}

/** Takes one record; records come in the order of their times. `attempts` is given up. */
export function advance(
  { stages, withinMs, skip }: Automaton,
  attempts: readonly Attempt[],
  record: unknown,
  atMs: number,
): Advance {
  const kept: Attempt[] = []
  const matches: unknown[][] = []
  for (const attempt of [...attempts, [atMs, []] satisfies Attempt]) {
    const [startMs, records] = attempt
    if (atMs - startMs > withinMs) continue
    const stage = stages[records.length] as Stage
    if (!stage.where(record as never, named(stages, records) as never)) {
      if (records.length > 0 && !stage.strict) kept.push(attempt)
    } else if (records.length + 1 < stages.length) kept.push([startMs, [...records, record]])
    else {
      matches.push([...records, record])
      if (skip === 'past-last') return { attempts: [], matches }
    }
  }
  return { attempts: kept, matches }
}

/** Records by the names of their stages. */
export const named = (
  stages: readonly Stage[],
  records: readonly unknown[],
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(records.map((record, i) => [(stages[i] as Stage).name, record]))
