/** Streams with a key, and what can be computed per key. */
import { ConfigError } from '../core/errors.ts'
import { invariant } from '../core/invariant.ts'
import type { Key } from '../core/keys/index.ts'
import type { Aggregate } from './aggregates/aggregate.ts'
import { Connectable } from './connectable.ts'
import { ConnectedStreams } from './connected.ts'
import type { TimeKind } from './event-time.ts'
import type { OperatorDefinition } from './operator.ts'
import { checkFn, oneOf, onErrorOf, type EmitOptions, type OperatorOptions } from './stream-options.ts'
import type { OperatorStream } from './stream.ts'
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
    const definition = processOperator(erased, this.keyOf, onErrorOf(name, options))
    return this.builder.operatorStream<Out, Time>(this.attach(name, definition, options))
  }

  /** Combines each key's records into one value; the first record is the first value. */
  reduce(name: string, fn: (value: T, record: T) => T, options?: EmitOptions): OperatorStream<T, Time> {
    return this.fold<T>(name, options, (fold) => reduceOperator(checkFn(name, fn), fold))
  }

  /** Folds each key's records into an accumulator; emits `result(accumulator, key)`. */
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
    const keys = { left: this.keyOf, right: keyOfStream(right, 'connect') }
    return new ConnectedStreams({
      keys,
      attach: (name, definition, options) =>
        this.builder.operatorStream<never, Time>(this.attachTwo(name, right, definition, options)),
    })
  }

  /** For operators of two inputs. */
  static keyOf(stream: KeyedStream<never, unknown, TimeKind>): (record: never) => Key {
    return stream.keyOf
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
    const emitOn = oneOf(name, 'emitOn', options?.emitOn ?? 'record', ['record', 'end'])
    const definition = make({ keyOf: this.keyOf, emitOn, onError: onErrorOf(name, options) })
    return this.builder.operatorStream<Out, Time>(this.attach(name, definition, options))
  }
}

/** How a stream's keys are read. Throws ConfigError `STREAM_NOT_KEYED`. */
function keyOfStream(stream: unknown, doing: string): (record: never) => Key {
  if (stream instanceof KeyedStream) return KeyedStream.keyOf(stream as KeyedStream<never, unknown, TimeKind>)
  throw new ConfigError(
    'STREAM_NOT_KEYED',
    `${doing} needs a keyed stream on both sides; call .keyBy(name, …) first`,
  )
}
