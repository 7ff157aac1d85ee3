import { copyOf } from '../../core/copy.ts'
import type { Key } from '../../core/keys/index.ts'
import type { Aggregate } from './aggregate.ts'

/** What an aggregate emits: never the accumulator itself, since emitted records are immutable. */
export function resultOf(
  aggregate: Aggregate<never, unknown, unknown>,
  accumulator: unknown,
  key: Key,
): unknown {
  if (aggregate.result) return aggregate.result(accumulator, key)
  return copyOf(accumulator)
}
