import type { MergeableAggregate } from './aggregate.ts'

/** All records, in order of arrival. The state holds each of them until the window is gone. */
export const toList = <T>(): MergeableAggregate<T, T[], readonly T[]> => ({
  init: () => [],
  add(list, record) {
    list.push(record)
    return list
  },
  merge(a, b) {
    for (const record of b) a.push(record)
    return a
  },
  result: (list) => list.slice(),
  combines: false,
})
