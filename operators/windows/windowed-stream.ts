/** A keyed stream cut into windows, until an aggregate says what becomes of them. */
import { ConfigError } from '../../core/errors.ts'
import { stepName } from '../../core/ids.ts'
import type { Key } from '../../core/keys/index.ts'
import type { Aggregate, MergeableAggregate } from '../aggregates/aggregate.ts'
import { Connectable, type Origin } from '../connectable.ts'
import type { TimeKind } from '../event-time.ts'
import type { FlowBuilder } from '../flow.ts'
import { checkFn, onErrorOf, type OperatorOptions } from '../stream-options.ts'
import { identityOperator } from '../steps/stateless.ts'
import type { WindowStream } from '../stream.ts'
import type { ErasedAggregate } from './accumulation.ts'
import type { CountWindows, GlobalWindow, TimeWindows, WindowAssigner } from './assigners.ts'
import type { KeyResult, WindowDefinition, WindowResult } from './definition.ts'
import { combines, localKeyOf, localOperator } from './local-aggregation.ts'
import type { ResolvedWindowOptions } from './options.ts'
import { windowOperator } from './window-operator.ts'

/** What an aggregate over such windows emits. */
export type ResultOf<A extends WindowAssigner, K, V> = A extends TimeWindows
  ? WindowResult<K, V>
  : A extends GlobalWindow | CountWindows
    ? KeyResult<K, V>
    : never

export interface Windowing<A extends WindowAssigner> {
  readonly name: string
  readonly assigner: A
  readonly options: ResolvedWindowOptions
  readonly keyOf: (record: never) => Key
}

export class WindowedStream<
  K extends Key,
  T,
  A extends WindowAssigner,
  Time extends TimeKind = 'none',
> extends Connectable {
  private readonly windowing: Windowing<A>

  constructor(builder: FlowBuilder, origin: Origin, windowing: Windowing<A>) {
    super(builder, origin)
    this.windowing = windowing
  }

  /**
   * Folds each window's records into an accumulator; emits `{ key, startMs, endMs, value }`, without edges for a
   * global window and for windows of a count. Throws ConfigError `AGGREGATE_ILLEGAL` where windows merge and the
   * aggregate cannot.
   */
  aggregate<Acc, Out = Acc>(
    name: string,
    aggregate: Aggregate<T, Acc, Out>,
    options?: OperatorOptions,
  ): WindowStream<ResultOf<A, K, Out>, T, Time> {
    const { init, add } = (aggregate as Partial<typeof aggregate> | undefined) ?? {}
    if (typeof init !== 'function' || typeof add !== 'function') {
      throw new ConfigError(
        'AGGREGATE_ILLEGAL',
        `'${name}' needs an aggregate such as count(), or { init, add, merge, result }, got ${typeof aggregate}`,
      )
    }
    return this.build(name, aggregate, options)
  }

  /**
   * Combines each window's records into one; the first record is the first value. `fn` must not change its arguments;
   * in sliding windows and sessions it is given two values, too, that each stand for several records.
   */
  reduce(
    name: string,
    fn: (value: T, record: T) => T,
    options?: OperatorOptions,
  ): WindowStream<ResultOf<A, K, T>, T, Time> {
    return this.build(name, reducing(checkFn(name, fn)), options)
  }

  private build<Out>(
    name: string,
    aggregate: ErasedAggregate,
    options: OperatorOptions | undefined,
  ): WindowStream<ResultOf<A, K, Out>, T, Time> {
    const { windowing, builder } = this
    const { assigner, keyOf } = windowing
    const onError = onErrorOf(name, options)
    const definition: WindowDefinition = { keyOf, aggregate, options: windowing.options }
    const uses = { late: false }
    const singly = (): boolean => uses.late
    const local = onError === 'fail' && combines(assigner, definition) ? assigner : undefined
    const before = { step: stepName(windowing.name), singly }
    const step = windowOperator(name, assigner, definition, onError, local && before)
    const target = stepName(name)
    const window = this.attach(
      windowing.name,
      local ? localOperator({ assigner: local, definition, target, singly }) : identityOperator('window'),
      undefined,
    )
    const from = builder.add(
      name,
      (checked, parallelism) => ({ kind: 'operator', name: checked, definition: step, parallelism }),
      options,
    )
    builder.connect({
      ...window,
      partition: { kind: 'hash', keyOf: local ? localKeyOf(keyOf, singly) : keyOf },
      to: from,
      input: 0,
    })
    return builder.windowStream<ResultOf<A, K, Out>, T, Time>(
      { from, output: 'main', partition: { kind: 'forward' } },
      uses,
    )
  }
}

/**
 * The first record is the first value; no value at all is undefined, and never stored. Records are not combined
 * beforehand: then windows that do not merge ask nothing of `fn`.
 */
function reducing<T>(fn: (value: T, record: T) => T): MergeableAggregate<T, T | undefined, T> {
  const combine = (a: T | undefined, b: T | undefined): T | undefined =>
    a === undefined || b === undefined ? (a ?? b) : fn(a, b)
  return {
    init: () => undefined,
    add: combine,
    merge: combine,
    result: (value) => value as T,
    combines: false,
  }
}
