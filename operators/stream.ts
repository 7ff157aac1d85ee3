/** The fluent, typed builder: streams of records and what can follow them. */
import { ConfigError } from '../core/errors.ts'
import type { Key } from '../core/keys/index.ts'
import { Connectable, type Origin } from './connectable.ts'
import { BroadcastConnectedStreams } from './broadcast/connected.ts'
import type { AsyncCallContext } from './async/call.ts'
import { mapAsyncOperator } from './async/map-async.ts'
import { resolveAsync, type MapAsyncOptions } from './async/options.ts'
import { resolveEventTime, type EventTimeOptions } from './event-time-options.ts'
import type { TimeKind } from './event-time.ts'
import type { FlowBuilder, StepOptions } from './flow.ts'
import { KeyedStream } from './keyed-stream.ts'
import type { OperatorDefinition } from './operator.ts'
import type { SideOutput } from './side-output.ts'
import type { SinkDefinition } from './sink.ts'
import type { ErasedJoinFn, JoinFn } from './joins/definition.ts'
import { resolveStatic, staticJoin, type StaticJoinOptions, type StaticKeys } from './joins/static.ts'
import type { DeadLetter, SourceDefinition } from './source.ts'
import { checkFn, onErrorOf, type OperatorOptions } from './stream-options.ts'
import { eventTimeOperator } from './steps/event-time.ts'
import { resolveThrottle, throttleOperator, type ThrottleOptions } from './steps/throttle.ts'
import { filterOperator, flatMapOperator, identityOperator, mapOperator } from './steps/stateless.ts'

/** Records of type `T`. Each method adds one named step; a stream may be continued more than once. */
export class Stream<T, Time extends TimeKind = 'none'> extends Connectable {
  declare readonly _time?: Time

  /** One result a record. */
  map<R>(name: string, fn: (record: T) => R, options?: OperatorOptions): OperatorStream<R, Time> {
    return this.next(name, mapOperator(checkFn(name, fn), onErrorOf(name, options)), options)
  }

  /** Only the records for which `fn` answers true. */
  filter<S extends T>(
    name: string,
    fn: (record: T) => record is S,
    options?: OperatorOptions,
  ): OperatorStream<S, Time>
  filter(name: string, fn: (record: T) => boolean, options?: OperatorOptions): OperatorStream<T, Time>
  filter(name: string, fn: (record: T) => boolean, options?: OperatorOptions): OperatorStream<T, Time> {
    return this.next(name, filterOperator(checkFn(name, fn), onErrorOf(name, options)), options)
  }

  /** Any number of results a record; an iterable is pulled only as fast as the outputs take them. */
  flatMap<R>(
    name: string,
    fn: (record: T) => Iterable<R>,
    options?: OperatorOptions,
  ): OperatorStream<R, Time> {
    return this.next(name, flatMapOperator(checkFn(name, fn), onErrorOf(name, options)), options)
  }

  /**
   * Gives each record its event time, and lets a watermark follow them: what windows, timers and joins by event time
   * need. Best right behind the source, where every split has a watermark of its own.
   */
  eventTime(name: string, options: EventTimeOptions<T>): OperatorStream<T, 'event'> {
    const definition = eventTimeOperator(resolveEventTime(name, options))
    return new OperatorStream<T, 'event'>(this.builder, this.attach(name, definition, options))
  }

  /**
   * One asynchronous call a record: look-ups, requests. After a failure the calls that were under way are made again.
   */
  mapAsync<R>(
    name: string,
    fn: (record: T, call: AsyncCallContext) => Promise<R> | R,
    options?: MapAsyncOptions,
  ): OperatorStream<R, Time> {
    const definition = mapAsyncOperator(
      checkFn(name, fn),
      resolveAsync(name, options),
      onErrorOf(name, options),
    )
    return this.next(name, definition, options)
  }

  /** Lets at most so many records a second pass, all tasks of the step together; right behind a source it slows that. */
  throttle(name: string, rate: ThrottleOptions): OperatorStream<T, Time> {
    return this.next(name, throttleOperator(resolveThrottle(name, rate)), rate)
  }

  /** Brings records of equal keys to the same task. Keys: strings, finite numbers, bigints, booleans, tuples of these. */
  keyBy<K extends Key>(
    name: string,
    keyOf: (record: T) => K,
    options?: StepOptions,
  ): KeyedStream<K, T, Time> {
    const selector = checkFn(name, keyOf) as (record: never) => Key
    const { from } = this.attach(name, identityOperator('keyBy'), options)
    return new KeyedStream<K, T, Time>(this.builder, {
      from,
      output: 'main',
      partition: { kind: 'hash', keyOf: selector },
    })
  }

  /** This stream's and the others' records in one; order holds within each. */
  union(name: string, ...others: readonly Stream<T, Time>[]): Stream<T, Time> {
    const origins = others.map((other) => this.originOf(other, name))
    const all = this.attach(name, identityOperator('union'), undefined)
    for (const origin of origins) this.builder.connect({ ...origin, to: all.from, input: 0 })
    return new Stream<T, Time>(this.builder, all)
  }

  /**
   * This stream beside another whose every record reaches every task of the operator behind it: rules, settings, small
   * tables. What the operator makes of them is the same in every task. `name` is of a step of its own, of one task,
   * which brings the other stream's records in one order. Event time: the other stream may do without. Throws
   * ConfigError `EVENT_TIME_MISSING` when only the other has it, `FLOW_FOREIGN` for a stream of another flow.
   */
  connectBroadcast<R, Of extends Time | 'none'>(
    name: string,
    rules: Stream<R, Of>,
  ): BroadcastConnectedStreams<T, R, Time> {
    return new BroadcastConnectedStreams<T, R, Time>(this.attachBroadcast(name, rules))
  }

  /**
   * Joins each record with the rows of a bounded source that have its key; under `type: 'left'` a record that meets
   * none is a result too, with undefined. Every task reads the whole source before the first record comes, at each
   * start, and holds it in memory. Throws ConfigError `SIDE_ILLEGAL`, and `OPTION_ILLEGAL`.
   */
  joinStatic<R, K extends Key, Out, Type extends 'inner' | 'left' = 'inner'>(
    name: string,
    side: SourceDefinition<R>,
    keys: StaticKeys<T, R, K>,
    fn: JoinFn<T, R, Out, Type>,
    options?: StaticJoinOptions<Type>,
  ): OperatorStream<Out, Time> {
    const { left, right } = keys
    const parts = {
      source: side,
      keys: { left: checkFn(name, left), right: checkFn(name, right) },
      fn: checkFn(name, fn) as unknown as ErasedJoinFn,
    }
    return this.next(name, staticJoin(resolveStatic(name, parts, options)), options)
  }

  /** The next step's tasks get records in turn. */
  rebalance(): Stream<T, Time> {
    return new Stream<T, Time>(this.builder, { ...this.origin, partition: { kind: 'round-robin' } })
  }

  /** Every task of the next step gets every record. */
  broadcast(): Stream<T, Time> {
    return new Stream<T, Time>(this.builder, { ...this.origin, partition: { kind: 'broadcast' } })
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
    this.builder.connect({ ...this.origin, to, input: 0 })
  }

  private next<R>(
    name: string,
    definition: OperatorDefinition,
    options?: StepOptions,
  ): OperatorStream<R, Time> {
    return new OperatorStream<R, Time>(this.builder, this.attach(name, definition, options))
  }
}

/** A step's results, with the records that it set aside. */
export class OperatorStream<T, Time extends TimeKind = 'none'> extends Stream<T, Time> {
  /** What `onError: 'dead-letter'` (or a source's `badRows: 'dead-letter'`) set aside. */
  get deadLetters(): Stream<DeadLetter> {
    return new Stream<DeadLetter>(this.builder, {
      from: this.origin.from,
      output: 'dead-letters',
      partition: { kind: 'forward' },
    })
  }

  /**
   * What the step's handlers emitted with `ctx.emitTo(side, …)`. Throws ConfigError `OUTPUT_UNKNOWN` when the
   * step does not declare it.
   */
  sideOutput<S>(side: SideOutput<S>): Stream<S, Time> {
    const { from } = this.origin
    const declared = this.builder.outputsOf(from)
    if (!declared.includes(side.name)) {
      throw new ConfigError(
        'OUTPUT_UNKNOWN',
        `'${from}' declares no side output '${side.name}'; add it to the operator's \`outputs\``,
        { step: from },
      )
    }
    return new Stream<S, Time>(this.builder, { from, output: side.name, partition: { kind: 'forward' } })
  }
}

/** Results of a step that sets records aside which come too late for it. */
export class StreamWithLate<T, Late, Time extends TimeKind = 'event'> extends OperatorStream<T, Time> {
  /**
   * The records that came too late, with their own times; where nobody continues it they are given up. Throws
   * ConfigError `OUTPUT_UNKNOWN` for a step that has no late records, as those that go by the clock.
   */
  get late(): Stream<Late, Time> {
    const { from } = this.origin
    if (!this.builder.outputsOf(from).includes('late')) {
      throw new ConfigError('OUTPUT_UNKNOWN', `'${from}' has no late records: it does not go by event time`, {
        step: from,
      })
    }
    return new Stream<Late, Time>(this.builder, { from, output: 'late', partition: { kind: 'forward' } })
  }
}

/** A window's results, with the records that came too late for it. */
export class WindowStream<T, In, Time extends TimeKind = 'none'> extends StreamWithLate<T, In, Time> {
  private readonly uses: { late: boolean }

  constructor(builder: FlowBuilder, origin: Origin, uses: { late: boolean }) {
    super(builder, origin)
    this.uses = uses
  }

  /**
   * Records whose windows were all past their allowed lateness. Records are sent to their key's task one by one then,
   * not combined beforehand.
   */
  override get late(): Stream<In, Time> {
    const late = super.late
    this.uses.late = true
    return late
  }
}

export class SourceStream<T> extends OperatorStream<T> {}
