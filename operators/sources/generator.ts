/** `fromGenerator`: records that a function makes, replayed from the position that the checkpoint holds. */
import type { SourceDefinition } from '../source.ts'
import { indexedSource, type IndexedGenerator } from './generator-indexed.ts'
import { iteratedSource, type IteratedGenerator } from './generator-iterated.ts'

export type { IndexedGenerator, IndexShare } from './generator-indexed.ts'
export type { IteratedGenerator, Positioned } from './generator-iterated.ts'

/**
 * Two forms:
 *
 * - `{ count, at: (index) => record }`: record number `index` is a pure function of the index. The cheapest
 *   source there is; `splits` shares the indexes out for parallel reading.
 * - `{ open(position) { … } }`: an iterable or async iterable of `{ value, position }`, where `position` says
 *   where to go on *after* the value. `open` receives null at the start and, after a restart, the position
 *   that the checkpoint holds; from there it must give the same values again.
 *
 * ```ts
 * fromGenerator({ count: 1_000_000, at: (i) => ({ id: i, amount: i % 100 }) })
 * fromGenerator({
 *   *open(position: number | null) {
 *     for (let n = position ?? 0; n < 10; n += 1) yield { value: `line ${n}`, position: n + 1 }
 *   },
 * })
 * ```
 */
export function fromGenerator<T>(generator: IndexedGenerator<T>): SourceDefinition<T>
export function fromGenerator<T, Position>(generator: IteratedGenerator<T, Position>): SourceDefinition<T>
export function fromGenerator<T, Position>(
  generator: IndexedGenerator<T> | IteratedGenerator<T, Position>,
): SourceDefinition<T> {
  return 'at' in generator ? indexedSource(generator) : iteratedSource(generator)
}
