/**
 * Two multisets of rows, compared. Rows are equal when their JSON is, whatever the order of their fields.
 * Shares no code with what it checks.
 */
export type DifferenceKind = 'lost' | 'duplicated' | 'mismatched'

export interface Difference<Row> {
  readonly kind: DifferenceKind
  readonly key: string
  /** Absent for a duplicate, and for a row whose key the expected rows have not. */
  readonly expected?: Row
  readonly found?: Row
}

export interface Comparison<Row> {
  /** Expected and not found. */
  readonly lost: number
  /** Found more often than expected. */
  readonly duplicated: number
  /** Found and not expected: another value under the key of an expected row, or an unknown key. */
  readonly mismatched: number
  /** The first of each kind. */
  readonly differences: readonly Difference<Row>[]
}

const differencesMax = 10

/** `keyOf` tells which rows are versions of one another; without it a row is its own key. */
export function compareRows<Row>(
  expected: Iterable<Row>,
  found: Iterable<Row>,
  keyOf: (row: Row) => string = canonical,
): Comparison<Row> {
  const wanted = groupByKey(expected, keyOf)
  const had = groupByKey(found, keyOf)
  const counts = { lost: 0, duplicated: 0, mismatched: 0 }
  const differences: Difference<Row>[] = []
  for (const key of new Set([...wanted.keys(), ...had.keys()])) {
    for (const difference of compareGroup(key, wanted.get(key) ?? [], had.get(key) ?? [])) {
      counts[difference.kind] += 1
      if (counts[difference.kind] <= differencesMax) differences.push(difference)
    }
  }
  return { ...counts, differences }
}

/** A comparison in which nothing differs. */
export const isEqual = ({ lost, duplicated, mismatched }: Comparison<unknown>): boolean =>
  lost + duplicated + mismatched === 0

/** A value as JSON with sorted field names. */
export const canonical = (value: unknown): string =>
  JSON.stringify(value, (_name, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )

function groupByKey<Row>(rows: Iterable<Row>, keyOf: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const key = keyOf(row)
    const group = groups.get(key)
    if (group) group.push(row)
    else groups.set(key, [row])
  }
  return groups
}

/** Equal rows cancel out. Of what is left over: a repeated row is a duplicate, another one a wrong value. */
function compareGroup<Row>(key: string, expected: readonly Row[], found: readonly Row[]): Difference<Row>[] {
  const known = new Set(expected.map(canonical))
  const open = [...expected]
  const differences: Difference<Row>[] = []
  const strange: Row[] = []
  for (const row of found) {
    const text = canonical(row)
    const at = open.findIndex((candidate) => canonical(candidate) === text)
    if (at >= 0) open.splice(at, 1)
    else if (known.has(text)) differences.push({ kind: 'duplicated', key, found: row })
    else strange.push(row)
  }
  for (const row of strange) {
    const instead = open.shift()
    differences.push({
      kind: 'mismatched',
      key,
      ...(instead === undefined ? {} : { expected: instead }),
      found: row,
    })
  }
  return [...differences, ...open.map((row): Difference<Row> => ({ kind: 'lost', key, expected: row }))]
}
