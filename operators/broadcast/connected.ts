/** A stream beside one whose records reach every task, until an operator takes both. */
import { ConfigError } from '../../core/errors.ts'
import type { Key } from '../../core/keys/index.ts'
import type { TimeKind } from '../event-time.ts'
import type { OperatorDefinition } from '../operator.ts'
import { onErrorOf, type OperatorOptions } from '../stream-options.ts'
import type { OperatorStream } from '../stream.ts'
import {
  broadcastDefinition,
  keyedBroadcastDefinition,
  type BroadcastOperator,
  type KeyedBroadcastOperator,
} from './operator.ts'

interface Connection<Time extends TimeKind> {
  /** The main stream has event time. */
  readonly timed: boolean
  /** Only the main stream has event time. */
  readonly silent: boolean
  readonly attach: (
    name: string,
    definition: OperatorDefinition,
    options: OperatorOptions | undefined,
  ) => OperatorStream<never, Time>
}

/** Made by `stream.connectBroadcast(name, rules)`. */
export class BroadcastConnectedStreams<T, R, Time extends TimeKind = 'none'> {
  private readonly connection: Connection<Time>

  constructor(connection: Connection<Time>) {
    this.connection = connection
  }

  /** A user's own operator, made by `broadcastOperator<T, R, Out>()({ … })`. */
  process<Out>(
    name: string,
    declared: BroadcastOperator<T, R, Out>,
    options?: OperatorOptions,
  ): OperatorStream<Out, Time> {
    const { silent, timed, attach } = this.connection
    const erased = checked(name, declared as BroadcastOperator<never, never, unknown>, 'broadcastOperator')
    const definition = broadcastDefinition(erased, { silent, timed, onError: onErrorOf(name, options) })
    return attach(name, definition, options)
  }
}

/** Made by `keyed.connectBroadcast(name, rules)`. */
export class KeyedBroadcastConnectedStreams<K extends Key, T, R, Time extends TimeKind = 'none'> {
  private readonly keyOf: (record: never) => Key
  private readonly connection: Connection<Time>

  constructor(keyOf: (record: never) => Key, connection: Connection<Time>) {
    this.keyOf = keyOf
    this.connection = connection
  }

  /** A user's own operator, made by `keyedBroadcastOperator<K, T, R, Out>()({ … })`. */
  process<Out>(
    name: string,
    declared: KeyedBroadcastOperator<K, T, R, Out>,
    options?: OperatorOptions,
  ): OperatorStream<Out, Time> {
    const { silent, timed, attach } = this.connection
    const erased = checked(
      name,
      declared as KeyedBroadcastOperator<never, never, never, unknown>,
      'keyedBroadcastOperator',
    )
    const options_ = { silent, timed, onError: onErrorOf(name, options) }
    return attach(name, keyedBroadcastDefinition(erased, this.keyOf, options_), options)
  }
}

function checked<D extends BroadcastOperator<never, never, unknown> | object>(
  name: string,
  declared: D,
  maker: string,
): D {
  const given = declared as
    { handlers?: { onRecord?: unknown; onBroadcast?: unknown }; schema?: unknown } | undefined
  const keyed = given?.schema !== undefined
  const fits =
    typeof given?.handlers?.onRecord === 'function' && typeof given.handlers.onBroadcast === 'function'
  if (fits && keyed === (maker === 'keyedBroadcastOperator')) return declared
  throw new ConfigError(
    'OPERATOR_ILLEGAL',
    `step '${name}' needs what ${maker}()({ … }) returns, got ${keyed ? 'one for keyed streams' : typeof declared}`,
  )
}
