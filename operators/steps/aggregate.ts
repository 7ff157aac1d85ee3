/** `reduce` and `aggregate`: one running value a key. */
import { invariant } from '../../core/invariant.ts'
import type { Key } from '../../core/keys/index.ts'
import type { Aggregate } from '../aggregates/aggregate.ts'
import { resultOf } from '../aggregates/result.ts'
import { keySelectorThrew, operatorThrew, rejectPromise } from '../errors.ts'
import type { ErrorPolicy, OperatorContext, OperatorDefinition, OperatorInstance } from '../operator.ts'
import type { KeyedState } from '../state/keyed-state.ts'
import { cell, inStream, needsEventTime, stateSchema, type Cell } from '../state/schema.ts'
import type { StateTtl } from '../state/ttl-options.ts'
import type { Timer } from '../state/timers.ts'
import { Expiry } from './expiry.ts'

/** `record`: the updated result after every record. `end`: once a key, when the input ends. */
export type EmitOn = 'record' | 'end'

export interface AggregateOptions {
  readonly keyOf: (record: never) => Key
  readonly emitOn: EmitOn
  readonly onError: ErrorPolicy
  /** Of a key's value; every record of the key writes it. */
  readonly ttl?: StateTtl | undefined
  /** The stream has event time. */
  readonly timed?: boolean
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
  const { keyOf, emitOn, onError, ttl, timed = false } = options
  const state = inStream(stateSchema({ value: cell(ttl) }), timed)
  return {
    kind,
    onError,
    ...(needsEventTime(state) && { eventTime: 'needs' }),
    ...(ttl === undefined && {
      unbounded: 'its value is let go only with the input; give it a ttl, or cut its records into windows',
    }),
    keyed: { keyOf, state },
    create: (context) =>
      ttl === undefined
        ? new Fold(context, keyOf, functions, emitOn)
        : new ExpiringFold(context, keyOf, functions, emitOn),
  }
}

/** Works on the entry itself rather than through a cell: this is the hot path of counting. */
class Fold implements OperatorInstance {
  readonly onEnd?: (key: Key) => void
  protected readonly context: OperatorContext
  protected readonly functions: FoldFunctions
  private readonly state: KeyedState
  private readonly keyOf: (record: never) => Key
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
      const value = this.next(record)
      if (this.emitEach) result = functions.result(value, key)
    } catch (cause) {
      throw operatorThrew(this.context.step, cause)
    }
    if (this.emitEach) this.context.emit(result)
  }

  /** The current key's value with this record. */
  protected next(record: unknown): unknown {
    const { state, functions } = this
    const entry = state.current
    const before = entry.slots[0]
    const value = before === undefined ? functions.first(record) : functions.add(before, record)
    entry.slots[0] = value
    if (!entry.attached) this.attach()
    else if (value === undefined) state.settle(entry)
    return value
  }

  private attach(): void {
    const { current } = this.state
    rejectPromise(this.context.step, current.slots[0])
    if (current.slots[0] !== undefined) this.state.attach(current)
  }

  protected emitEnd(key: Key): void {
    this.state.enter(key)
    try {
      this.context.emit(this.functions.result(this.state.current.slots[0], key))
    } catch (cause) {
      throw operatorThrew(this.context.step, cause, `the end of key ${JSON.stringify(String(key))}`)
    }
  }
}

/** Its value expires: what has reached its deadline (X1) is as if no record had come before. */
class ExpiringFold extends Fold {
  private readonly expiry: Expiry
  private readonly value: Cell<unknown>

  constructor(...given: ConstructorParameters<typeof Fold>) {
    super(...given)
    const [context] = given
    const expiry = Expiry.of(context)
    invariant(expiry !== undefined, `the value of '${context.step}' has a time-to-live`)
    this.expiry = expiry
    this.value = context.state?.cells.value as Cell<unknown>
  }

  /** Only of its time-to-live: it has no timers of its own. */
  onTimer(_key: Key, timer: Timer): void {
    this.expiry.sweep(timer)
  }

  protected override next(record: unknown): unknown {
    this.expiry.beginRecord()
    const before = this.value.get()
    const value = before === undefined ? this.functions.first(record) : this.functions.add(before, record)
    if (before === undefined) rejectPromise(this.context.step, value)
    this.value.set(value)
    return value
  }

  protected override emitEnd(key: Key): void {
    if (!this.expiry.hasExpired(key)) super.emitEnd(key)
  }
}
