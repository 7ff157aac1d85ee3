/** `reduce` and `aggregate`: one running value a key. */
import { invariant } from '../../core/invariant.ts'
import type { Key } from '../../core/keys/index.ts'
import type { Aggregate } from '../aggregates/aggregate.ts'
import { resultOf } from '../aggregates/result.ts'
import { keySelectorThrew, operatorThrew, rejectPromise } from '../errors.ts'
import type { ErrorPolicy, OperatorContext, OperatorDefinition, OperatorInstance } from '../operator.ts'
import type { KeyedState } from '../state/keyed-state.ts'
import { cell, stateSchema } from '../state/schema.ts'

/** `record`: the updated result after every record. `end`: once a key, when the input ends. */
export type EmitOn = 'record' | 'end'

export interface AggregateOptions {
  readonly keyOf: (record: never) => Key
  readonly emitOn: EmitOn
  readonly onError: ErrorPolicy
}

export const aggregateOperator = <In, Acc, Out>(
  aggregate: Aggregate<In, Acc, Out>,
  options: AggregateOptions,
): OperatorDefinition =>
  foldOperator('aggregate', options, {
    first: (record) => aggregate.add(aggregate.init(), record as In),
    add: (accumulator, record) => aggregate.add(accumulator as Acc, record as In),
    result: (accumulator, key) => resultOf(aggregate, accumulator, key),
  })

/** The first record is the first value. */
export const reduceOperator = <T>(
  reduce: (value: T, record: T) => T,
  options: AggregateOptions,
): OperatorDefinition =>
  foldOperator('reduce', options, {
    first: (record) => record,
    add: (value, record) => reduce(value as T, record as T),
    result: (value) => value,
  })

interface FoldFunctions {
  readonly first: (record: unknown) => unknown
  readonly add: (value: unknown, record: unknown) => unknown
  readonly result: (value: unknown, key: Key) => unknown
}

function foldOperator(kind: string, options: AggregateOptions, functions: FoldFunctions): OperatorDefinition {
  const { keyOf, emitOn, onError } = options
  return {
    kind,
    onError,
    keyed: { keyOf, state: stateSchema({ value: cell() }) },
    create: (context) => new Fold(context, keyOf, functions, emitOn),
  }
}

/** Works on the entry itself rather than through a cell: this is the hot path of counting. */
class Fold implements OperatorInstance {
  readonly onEnd?: (key: Key) => void
  private readonly context: OperatorContext
  private readonly state: KeyedState
  private readonly keyOf: (record: never) => Key
  private readonly functions: FoldFunctions
  private readonly emitEach: boolean

  constructor(
    context: OperatorContext,
    keyOf: (record: never) => Key,
    functions: FoldFunctions,
    emitOn: EmitOn,
  ) {
    invariant(context.state !== undefined, `keyed step '${context.step}' has state`)
    this.context = context
    this.state = context.state
    this.keyOf = keyOf
    this.functions = functions
    this.emitEach = emitOn === 'record'
    if (emitOn === 'end') this.onEnd = (key) => this.emitEnd(key)
  }

  onRecord(record: unknown): void {
    let key: Key
    try {
      key = this.keyOf(record as never)
    } catch (cause) {
      throw keySelectorThrew(this.context.step, cause)
    }
    const { state, functions } = this
    let result: unknown
    try {
      state.enter(key)
      const entry = state.current
      const before = entry.slots[0]
      const value = before === undefined ? functions.first(record) : functions.add(before, record)
      entry.slots[0] = value
      if (!entry.attached) this.attach()
      if (this.emitEach) result = functions.result(value, key)
    } catch (cause) {
      throw operatorThrew(this.context.step, cause)
    }
    if (this.emitEach) this.context.emit(result)
  }

  private attach(): void {
    const { current } = this.state
    rejectPromise(this.context.step, current.slots[0])
    if (current.slots[0] !== undefined) this.state.attach(current)
  }

  private emitEnd(key: Key): void {
    this.state.enter(key)
    try {
      this.context.emit(this.functions.result(this.state.current.slots[0], key))
    } catch (cause) {
      throw operatorThrew(this.context.step, cause, `the end of key ${JSON.stringify(String(key))}`)
    }
  }
}
