/** The fluent, typed builder: streams of records and what can follow them. */
import { ConfigError } from '../core/errors.ts'
import { invariant } from '../core/invariant.ts'
import type { Key } from '../core/keys/index.ts'
import type { StepName } from '../core/ids.ts'
import type { FlowBuilder, StepOptions } from './flow.ts'
import type { OutputName, Partition } from './graph.ts'
import type { ErrorPolicy, OperatorDefinition } from './operator.ts'
import type { SinkDefinition } from './sink.ts'
import type { DeadLetter } from './source.ts'
import {
  aggregateOperator,
  reduceOperator,
  type Aggregate,
  type AggregateOptions,
  type EmitOn,
} from './steps/aggregate.ts'
import { processOperator, type ProcessOperator } from './steps/process.ts'
import { filterOperator, flatMapOperator, identityOperator, mapOperator } from './steps/stateless.ts'

export interface OperatorOptions extends StepOptions {
  /**
   * What a throw on a record does. `fail` (default): the job restarts from its checkpoint, and fails when the
   * same record throws again. `skip`: the record is left out. `dead-letter`: it goes to `.deadLetters`.
   */
  readonly onError?: ErrorPolicy
}

export interface EmitOptions extends OperatorOptions {
  /** When results are emitted: after every record (default), or once a key when the input ends. */
  readonly emitOn?: EmitOn
}

/** Where the next step's records come from. */
export interface Origin {
  readonly from: StepName
  readonly output: OutputName
  readonly partition: Partition
}

abstract class Connectable {
  protected readonly builder: FlowBuilder
  protected readonly origin: Origin

  constructor(builder: FlowBuilder, origin: Origin) {
    this.builder = builder
    this.origin = origin
  }

  protected attach(name: string, definition: OperatorDefinition, options: StepOptions | undefined): Origin {
    const from = this.builder.add(
      name,
      (checked, parallelism) => ({ kind: 'operator', name: checked, definition, parallelism }),
      options,
    )
    this.builder.connect({ ...this.origin, to: from })
    return { from, output: 'main', partition: { kind: 'forward' } }
  }

  /** For `union`. */
  static originOf(stream: Connectable): Origin {
    return stream.origin
  }
}

/** Records of type `T`. Each method adds one named step; a stream may be continued more than once. */
export class Stream<T> extends Connectable {
  /** One result a record. */
  map<R>(name: string, fn: (record: T) => R, options?: OperatorOptions): OperatorStream<R> {
    return this.next(name, mapOperator(checkFn(name, fn), onErrorOf(name, options)), options)
  }

  /** Only the records for which `fn` answers true. */
  filter<S extends T>(
    name: string,
    fn: (record: T) => record is S,
    options?: OperatorOptions,
  ): OperatorStream<S>
  filter(name: string, fn: (record: T) => boolean, options?: OperatorOptions): OperatorStream<T>
  filter(name: string, fn: (record: T) => boolean, options?: OperatorOptions): OperatorStream<T> {
    return this.next(name, filterOperator(checkFn(name, fn), onErrorOf(name, options)), options)
  }

  /** Any number of results a record; an iterable is pulled only as fast as the outputs take them. */
  flatMap<R>(name: string, fn: (record: T) => Iterable<R>, options?: OperatorOptions): OperatorStream<R> {
    return this.next(name, flatMapOperator(checkFn(name, fn), onErrorOf(name, options)), options)
  }

  /** Brings records of equal keys to the same task. Keys: strings, finite numbers, bigints, booleans, tuples of these. */
  keyBy<K extends Key>(name: string, keyOf: (record: T) => K, options?: StepOptions): KeyedStream<K, T> {
    const selector = checkFn(name, keyOf) as (record: never) => Key
    const { from } = this.attach(name, identityOperator('keyBy'), options)
    return new KeyedStream<K, T>(this.builder, {
      from,
      output: 'main',
      partition: { kind: 'hash', keyOf: selector },
    })
  }

  /** This stream's and the others' records in one; order holds within each. */
  union(name: string, ...others: readonly Stream<T>[]): Stream<T> {
    if (others.some((other) => other.builder !== this.builder)) {
      throw new ConfigError('FLOW_FOREIGN', `union '${name}' joins streams of different flows`)
    }
    const all = this.attach(name, identityOperator('union'), undefined)
    for (const other of others) this.builder.connect({ ...Connectable.originOf(other), to: all.from })
    return new Stream<T>(this.builder, all)
  }

  /** The next step's tasks get records in turn. */
  rebalance(): Stream<T> {
    return new Stream<T>(this.builder, { ...this.origin, partition: { kind: 'round-robin' } })
  }

  /** Every task of the next step gets every record. */
  broadcast(): Stream<T> {
    return new Stream<T>(this.builder, { ...this.origin, partition: { kind: 'broadcast' } })
  }

  /** Ends the stream in a sink. */
  sink(name: string, definition: SinkDefinition<T>, options?: StepOptions): void {
    if (typeof (definition as Partial<SinkDefinition<T>> | undefined)?.open !== 'function') {
      throw new ConfigError(
        'SINK_ILLEGAL',
        `sink '${name}' needs what a to… function returns, got ${typeof definition}`,
      )
    }
    const to = this.builder.add(
      name,
      (checked, parallelism) => ({
        kind: 'sink',
        name: checked,
        definition: definition as SinkDefinition<never> as SinkDefinition<unknown>,
        parallelism,
      }),
      options,
    )
    this.builder.connect({ ...this.origin, to })
  }

  private next<R>(name: string, definition: OperatorDefinition, options?: StepOptions): OperatorStream<R> {
    return new OperatorStream<R>(this.builder, this.attach(name, definition, options))
  }
}

/** A step's results, with the records that it set aside. */
export class OperatorStream<T> extends Stream<T> {
  /** What `onError: 'dead-letter'` (or a source's `badRows: 'dead-letter'`) set aside. */
  get deadLetters(): Stream<DeadLetter> {
    return new Stream<DeadLetter>(this.builder, {
      from: this.origin.from,
      output: 'dead-letters',
      partition: { kind: 'forward' },
    })
  }
}

export class SourceStream<T> extends OperatorStream<T> {}

/** Records with a key. */
export class KeyedStream<K extends Key, T> extends Connectable {
  /** A user's own operator, made by `operator<K, T, Out>()({ … })`. */
  process<Out>(
    name: string,
    declared: ProcessOperator<K, T, Out>,
    options?: OperatorOptions,
  ): OperatorStream<Out> {
    const erased = declared as ProcessOperator<never, never, unknown>
    const { handlers } = (erased as Partial<typeof erased> | undefined) ?? {}
    if (!handlers) {
      throw new ConfigError(
        'OPERATOR_ILLEGAL',
        `step '${name}' needs what operator()({ … }) returns, got ${typeof declared}`,
      )
    }
    const definition = processOperator(erased, this.keyOf, onErrorOf(name, options))
    return new OperatorStream<Out>(this.builder, this.attach(name, definition, options))
  }

  /** Combines each key's records into one value; the first record is the first value. */
  reduce(name: string, fn: (value: T, record: T) => T, options?: EmitOptions): OperatorStream<T> {
    return this.fold<T>(name, options, (fold) => reduceOperator(checkFn(name, fn), fold))
  }

  /** Folds each key's records into an accumulator; emits `result(accumulator, key)`. */
  aggregate<Acc, Out = Acc>(
    name: string,
    aggregate: Aggregate<T, Acc, Out>,
    options?: EmitOptions,
  ): OperatorStream<Out> {
    return this.fold<Out>(name, options, (fold) => aggregateOperator(aggregate, fold))
  }

  private get keyOf(): (record: never) => Key {
    const { partition } = this.origin
    invariant(partition.kind === 'hash', 'a keyed stream comes from keyBy')
    return partition.keyOf
  }

  private fold<Out>(
    name: string,
    options: EmitOptions | undefined,
    make: (options: AggregateOptions) => OperatorDefinition,
  ): OperatorStream<Out> {
    const emitOn = oneOf(name, 'emitOn', options?.emitOn ?? 'record', ['record', 'end'])
    const definition = make({ keyOf: this.keyOf, emitOn, onError: onErrorOf(name, options) })
    return new OperatorStream<Out>(this.builder, this.attach(name, definition, options))
  }
}

function checkFn<F>(name: string, fn: F): F {
  if (typeof fn === 'function') return fn
  throw new ConfigError('FUNCTION_MISSING', `step '${name}' needs a function, got ${typeof fn}`)
}

const onErrorOf = (name: string, options: OperatorOptions | undefined): ErrorPolicy =>
  oneOf(name, 'onError', options?.onError ?? 'fail', ['fail', 'skip', 'dead-letter'])

function oneOf<V extends string>(name: string, option: string, given: V, known: readonly V[]): V {
  if (known.includes(given)) return given
  const choice = known.map((value) => `'${value}'`).join(' or ')
  throw new ConfigError(
    'OPTION_ILLEGAL',
    `${option} of '${name}' must be ${choice}, got ${JSON.stringify(given)}`,
  )
}
