import { ConfigError } from '../../core/errors.ts'
import type { Aggregate, MergeableAggregate } from './aggregate.ts'
import { resultOf } from './result.ts'

type Accumulators = Record<string, unknown>

/**
 * Several aggregates in one pass; the result is a record of theirs:
 * `together({ bids: count(), highest: max((bid) => bid.price) })` makes `{ bids, highest }`. Each part needs `merge`.
 * Throws ConfigError `AGGREGATE_ILLEGAL`.
 */
export function together<T, R extends Readonly<Record<string, unknown>>>(parts: {
  readonly [N in keyof R]: Aggregate<T, unknown, R[N]>
}): MergeableAggregate<T, Accumulators, R> {
  const all = Object.entries<Aggregate<T, unknown, unknown>>(parts).map(([name, part]) =>
    mergeable(name, part),
  )
  return {
    init: () => Object.fromEntries(all.map(({ name, part }) => [name, part.init()])),
    add(accumulators, record) {
      for (const { name, part } of all) accumulators[name] = part.add(accumulators[name], record)
      return accumulators
    },
    merge(a, b) {
      for (const { name, part } of all) a[name] = part.merge(a[name], b[name])
      return a
    },
    result: (accumulators, key) =>
      Object.fromEntries(
        all.map(({ name, part }) => [name, resultOf(part, accumulators[name], key)]),
      ) as unknown as R,
    combines: all.every(({ part }) => part.combines !== false),
  }
}

interface Part {
  readonly name: string
  readonly part: MergeableAggregate<unknown, unknown, unknown>
}

function mergeable(name: string, part: Aggregate<never, unknown, unknown>): Part {
  if (name === '__proto__') {
    throw new ConfigError('AGGREGATE_ILLEGAL', `'__proto__' cannot name a part of together`)
  }
  if (!part.merge) {
    throw new ConfigError(
      'AGGREGATE_ILLEGAL',
      `part '${name}' of together has no merge; add one, so that the parts can be merged together`,
    )
  }
  return { name, part: part as Part['part'] }
}
