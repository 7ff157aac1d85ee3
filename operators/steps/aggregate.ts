/** `reduce` and `aggregate`: one running value a key. */
import type { Key } from '../../core/keys/index.ts'
import { cell } from '../state/schema.ts'
import { operator, type ProcessHandlers, type ProcessOperator } from './process.ts'

export interface Aggregate<In, Acc, Out> {
  /** A key's value before its first record. */
  init(): Acc
  /** May change and return `accumulator`, or return a new one. */
  add(accumulator: Acc, record: In): Acc
  /** Combines two accumulators, for windows that merge. */
  merge?(a: Acc, b: Acc): Acc
  /** What is emitted; default: the accumulator itself. */
  result?(accumulator: Acc, key: Key): Out
}

/** `record`: the updated result after every record. `end`: once a key, when the input ends. */
export type EmitOn = 'record' | 'end'

export function aggregateOperator<K extends Key, In, Acc, Out>(
  aggregate: Aggregate<In, Acc, Out>,
  emitOn: EmitOn,
): ProcessOperator<K, In, Out> {
  const result = (accumulator: Acc, key: Key): Out =>
    aggregate.result ? aggregate.result(accumulator, key) : copyOf(accumulator as unknown as Out)
  const state = { accumulator: cell<Acc>() }
  const handlers: ProcessHandlers<K, In, Out, typeof state> = {
    state,
    onRecord(context, record) {
      const { accumulator } = context.state
      const before = accumulator.get()
      const after = aggregate.add(before === undefined ? aggregate.init() : before, record)
      if (after !== before) accumulator.set(after)
      if (emitOn === 'record') context.emit(result(after, context.key))
    },
  }
  const onEnd: typeof handlers.onEnd = (context) => {
    const accumulator = context.state.accumulator.get()
    if (accumulator !== undefined) context.emit(result(accumulator, context.key))
  }
  return operator<K, In, Out>()(emitOn === 'end' ? { ...handlers, onEnd } : handlers)
}

/** Emitted records are immutable; an accumulator changed in place later must not change them. */
const copyOf = <T>(value: T): T => (typeof value === 'object' && value !== null ? structuredClone(value) : value)

/** The first record is the first value. */
export const reduceOperator = <K extends Key, T>(
  reduce: (value: T, record: T) => T,
  emitOn: EmitOn,
): ProcessOperator<K, T, T> => {
  const state = { value: cell<T>() }
  const handlers: ProcessHandlers<K, T, T, typeof state> = {
    state,
    onRecord(context, record) {
      const { value } = context.state
      const before = value.get()
      const after = before === undefined ? record : reduce(before, record)
      value.set(after)
      if (emitOn === 'record') context.emit(after)
    },
  }
  const onEnd: typeof handlers.onEnd = (context) => {
    const value = context.state.value.get()
    if (value !== undefined) context.emit(value)
  }
  return operator<K, T, T>()(emitOn === 'end' ? { ...handlers, onEnd } : handlers)
}
