/** Streams with a key, and what can be computed per key. */
import { ConfigError } from '../core/errors.ts'
import { invariant } from '../core/invariant.ts'
import type { Key } from '../core/keys/index.ts'
import type { Aggregate } from './aggregates/aggregate.ts'
import { KeyedBroadcastConnectedStreams } from './broadcast/connected.ts'
import { Connectable } from './connectable.ts'
import { ConnectedStreams } from './connected.ts'
import type { TimeKind } from './event-time.ts'
import type { OperatorDefinition } from './operator.ts'
import type { ErasedJoinFn, JoinFn, JoinType, LateJoinRecord } from './joins/definition.ts'
import { intervalJoin, type IntervalBounds } from './joins/interval.ts'
import { latestJoin } from './joins/latest.ts'
import {
  joinTypeOf,
  resolveInterval,
  resolveLatest,
  timeWindowsOf,
  type JoinOptions,
  type LatestJoinOptions,
} from './joins/options.ts'
import type { JoinWindow } from './joins/window-rules.ts'
import { windowJoin } from './joins/window.ts'
import { matchOperator, type MatchOptions } from './pattern/match.ts'
import type { Match, Pattern } from './pattern/pattern.ts'
import {
  checkFn,
  oneOf,
  onErrorOf,
  resolveEmit,
  wholeNumberOf,
  type EmitOptions,
  type OperatorOptions,
} from './stream-options.ts'
import type { OperatorStream, Stream, StreamWithLate } from './stream.ts'
import type { CoKeys } from './steps/co-process.ts'
import { dedupeOperator, type DedupeOptions } from './steps/dedupe.ts'
import type { FixedWindows, SessionWindows, WindowTime } from './windows/assigners.ts'
import { aggregateOperator, reduceOperator, type AggregateOptions } from './steps/aggregate.ts'
import { checkAssigner, type AssignerFor } from './windows/assigners.ts'
import { resolveWindowOptions, type WindowOptions } from './windows/options.ts'
import { WindowedStream } from './windows/windowed-stream.ts'
import { processOperator, type ProcessOperator } from './steps/process.ts'

/** Records with a key. */
export class KeyedStream<K extends Key, T, Time extends TimeKind = 'none'> extends Connectable {
  declare readonly _time?: Time

  /** A user's own operator, made by `operator<K, T, Out>()({ … })`. */
  process<Out>(
    name: string,
    declared: ProcessOperator<K, T, Out>,
    options?: OperatorOptions,
  ): OperatorStream<Out, Time> {
    const erased = declared as ProcessOperator<never, never, unknown>
    const { handlers } = (erased as Partial<typeof erased> | undefined) ?? {}
    if (!handlers) {
      throw new ConfigError(
        'OPERATOR_ILLEGAL',
        `step '${name}' needs what operator()({ … }) returns, got ${typeof declared}`,
      )
    }
    const timed = this.builder.isTimed(this.origin)
    const definition = processOperator(erased, this.keyOf, { onError: onErrorOf(name, options), timed })
    return this.builder.operatorStream<Out, Time>(this.attach(name, definition, options))
  }

  /**
   * Combines each key's records into one value; the first record is the first value. A key's value stays until the
   * input ends, or for `ttl`. Throws ConfigError `OPTION_ILLEGAL`, `STATE_TTL`; `EVENT_TIME_MISSING` when the flow is
   * built.
   */
  reduce(name: string, fn: (value: T, record: T) => T, options?: EmitOptions): OperatorStream<T, Time> {
    return this.fold<T>(name, options, (fold) => reduceOperator(checkFn(name, fn), fold))
  }

  /**
   * Folds each key's records into an accumulator; emits `result(accumulator, key)`. An accumulator stays until the input
   * ends, or for `ttl`. Throws what `reduce` throws.
   */
  aggregate<Acc, Out = Acc>(
    name: string,
    aggregate: Aggregate<T, Acc, Out>,
    options?: EmitOptions,
  ): OperatorStream<Out, Time> {
    return this.fold<Out>(name, options, (fold) => aggregateOperator(aggregate, fold))
  }

  /**
   * Cuts each key's records into windows; `.aggregate` or `.reduce` says what becomes of them. The name is that of a
   * step of its own: where the aggregate allows, records are combined in it before they are sent to their key's task.
   * Throws ConfigError `WINDOW_ILLEGAL` or `LATENESS_ILLEGAL`.
   */
  window<A extends AssignerFor<Time>>(
    name: string,
    assigner: A,
    options?: WindowOptions<A['domain']>,
  ): WindowedStream<K, T, A, Time> {
    return new WindowedStream<K, T, A, Time>(
      this.builder,
      { ...this.origin, partition: { kind: 'forward' } },
      {
        name,
        assigner: checkAssigner(name, assigner),
        options: resolveWindowOptions(name, assigner, options),
        keyOf: this.keyOf,
      },
    )
  }

  /**
   * This stream (left) and another (right) that is keyed by keys of the same type, so that one operator sees the
   * records of both by key. Throws ConfigError `STREAM_NOT_KEYED`, and `FLOW_FOREIGN` for a stream of another flow.
   */
  connect<R>(right: KeyedStream<K, R, Time>): ConnectedStreams<K, T, R, Time> {
    return new ConnectedStreams({
      keys: this.keysWith(right, 'connect'),
      timed: this.builder.isTimed(this.origin),
      attach: (name, definition, options) =>
        this.builder.operatorStream<never, Time>(this.attachTwo(name, right, definition, options)),
    })
  }

  /** `Stream.connectBroadcast` for an operator with keyed state: `keyedBroadcastOperator`. */
  connectBroadcast<R, Of extends Time | 'none'>(
    name: string,
    rules: Stream<R, Of>,
  ): KeyedBroadcastConnectedStreams<K, T, R, Time> {
    return new KeyedBroadcastConnectedStreams<K, T, R, Time>(this.keyOf, this.attachBroadcast(name, rules))
  }

  /**
   * Joins rows of the same key and window: `fn` is called for each pair, or under an outer `type` with undefined for
   * what is missing, when the window is over. Its results have the window's last millisecond as their time.
   */
  joinWindow<R, Out, D extends WindowTime, Type extends JoinType = 'inner'>(
    this: KeyedStream<K, T, D extends 'event' ? 'event' : Time>,
    name: string,
    right: KeyedStream<K, R, D extends 'event' ? 'event' : Time>,
    windows: FixedWindows<D> | SessionWindows<D>,
    fn: (...rows: [...Parameters<JoinFn<T, R, Out, Type>>, window: JoinWindow]) => Out,
    options?: JoinOptions<Type>,
  ): StreamWithLate<Out, LateJoinRecord<T, R>, Time> {
    const parts = {
      keys: this.keysWith(right, name),
      fn: erased(name, fn),
      onError: onErrorOf(name, options),
    }
    const definition = windowJoin(parts, timeWindowsOf(name, windows), joinTypeOf(name, options))
    return this.builder.streamWithLate(this.attachTwo(name, right, definition, options))
  }

  /**
   * Joins a row at `t` with the right rows of its key from `t − beforeMs` to `t + afterMs`, both included. A pair is a
   * result as soon as both are there, at the later one's time; under an outer `type` a row that met nobody is one when
   * the watermark says that nobody comes any more.
   */
  joinInterval<R, Out, Type extends JoinType = 'inner'>(
    this: KeyedStream<K, T, 'event'>,
    name: string,
    right: KeyedStream<K, R, 'event'>,
    bounds: IntervalBounds,
    fn: JoinFn<T, R, Out, Type>,
    options?: JoinOptions<Type>,
  ): StreamWithLate<Out, LateJoinRecord<T, R>> {
    const parts = {
      keys: this.keysWith(right, name),
      fn: erased(name, fn),
      onError: onErrorOf(name, options),
    }
    const definition = intervalJoin(parts, resolveInterval(name, bounds), joinTypeOf(name, options))
    return this.builder.streamWithLate(this.attachTwo(name, right, definition, options))
  }

  /**
   * Joins each row with the newest right row of its key that is not newer: the version that was valid at its time.
   * Versions stay until a newer one takes their place, or for `ttlMs`.
   */
  joinLatest<R, Out, Type extends 'inner' | 'left' = 'inner'>(
    name: string,
    right: KeyedStream<K, R, Time>,
    fn: JoinFn<T, R, Out, Type>,
    options?: LatestJoinOptions<Type>,
  ): StreamWithLate<Out, LateJoinRecord<T, R>, Time> {
    const parts = {
      keys: this.keysWith(right, name),
      fn: erased(name, fn),
      onError: onErrorOf(name, options),
    }
    const definition = latestJoin(parts, resolveLatest(name, options, this.builder.isTimed(this.origin)))
    return this.builder.streamWithLate(this.attachTwo(name, right, definition, options))
  }

  /**
   * Lets the first record of a key pass, and further ones only when they are at least `withinMs` away from those that
   * passed: by event time where the stream has it, else by the clock.
   */
  dedupe(name: string, { withinMs, time, ...options }: DedupeOptions): StreamWithLate<T, T, Time> {
    const timed = this.builder.isTimed(this.origin)
    const definition = dedupeOperator({
      keyOf: this.keyOf,
      withinMs: wholeNumberOf(name, 'withinMs', withinMs, { min: 1 }),
      time: oneOf(name, 'time', time ?? (timed ? 'event' : 'clock'), ['event', 'clock']),
      onError: onErrorOf(name, options),
    })
    return this.builder.streamWithLate(this.attach(name, definition, options))
  }

  /**
   * Finds a sequence of each key's records, in the order of their event times; `fn` is called with the records of each
   * match by the names of the pattern's stages.
   */
  match<Names extends string, Out>(
    this: KeyedStream<K, T, 'event'>,
    name: string,
    pattern: Pattern<T, Names>,
    fn: (match: Match<T, Names>, key: K) => Out,
    options?: MatchOptions,
  ): StreamWithLate<Out, T> {
    const { stages, withinMs } = checkPattern(name, pattern)
    const skip = oneOf(name, 'skip', options?.skip ?? 'none', ['none', 'past-last'])
    const definition = matchOperator({
      keyOf: this.keyOf,
      automaton: { stages, withinMs, skip },
      fn: checkFn(name, fn),
      onError: onErrorOf(name, options),
    })
    return this.builder.streamWithLate(this.attach(name, definition, options))
  }

  /** For operators of two inputs. */
  static keyOf(stream: KeyedStream<never, unknown, TimeKind>): (record: never) => Key {
    return stream.keyOf
  }

  private keysWith(right: unknown, doing: string): CoKeys {
    return { left: this.keyOf, right: keyOfStream(right, doing) }
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
  ): OperatorStream<Out, Time> {
    const timed = this.builder.isTimed(this.origin)
    const definition = make({ keyOf: this.keyOf, ...resolveEmit(name, options), timed })
    return this.builder.operatorStream<Out, Time>(this.attach(name, definition, options))
  }
}

const erased = <F extends (...rows: never) => unknown>(name: string, fn: F): ErasedJoinFn =>
  checkFn(name, fn) as unknown as ErasedJoinFn

function checkPattern<T, Names extends string>(name: string, given: Pattern<T, Names>): Pattern<T, Names> {
  if (Array.isArray((given as Partial<Pattern<T, Names>> | undefined)?.stages)) return given
  throw new ConfigError(
    'PATTERN_ILLEGAL',
    `'${name}' needs what pattern<T>().begin(…) returns, got ${typeof given}`,
  )
}

/** How a stream's keys are read. Throws ConfigError `STREAM_NOT_KEYED`. */
function keyOfStream(stream: unknown, doing: string): (record: never) => Key {
  if (stream instanceof KeyedStream) return KeyedStream.keyOf(stream as KeyedStream<never, unknown, TimeKind>)
  throw new ConfigError(
    'STREAM_NOT_KEYED',
    `${doing} needs a keyed stream on both sides; call .keyBy(name, …) first`,
  )
}
