import type { MergeableAggregate } from '../../../index.ts'

interface Highest<T> {
  readonly value: number
  readonly records: T[]
}

/** All records of the highest value: more than one where several share it. */
export const allHighest = <T>(
  of: (record: T) => number,
): MergeableAggregate<T, Highest<T>, readonly T[]> => ({
  init: () => ({ value: -Infinity, records: [] }),
  add(highest, record) {
    const value = of(record)
    if (value < highest.value) return highest
    if (value > highest.value) return { value, records: [record] }
    highest.records.push(record)
    return highest
  },
  merge(a, b) {
    if (a.value !== b.value) return a.value > b.value ? a : { value: b.value, records: [...b.records] }
    a.records.push(...b.records)
    return a
  },
  result: ({ records }) => [...records],
})
