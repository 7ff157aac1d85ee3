/** Two keyed streams side by side, until an operator takes both. */
import { ConfigError } from '../core/errors.ts'
import type { Key } from '../core/keys/index.ts'
import type { TimeKind } from './event-time.ts'
import type { OperatorDefinition } from './operator.ts'
import { onErrorOf, type OperatorOptions } from './stream-options.ts'
import type { OperatorStream } from './stream.ts'
import { coProcessOperator, type CoKeys, type CoOperator } from './steps/co-process.ts'

export interface Connection<Time extends TimeKind> {
  readonly keys: CoKeys
  /** The streams have event time. */
  readonly timed: boolean
  readonly attach: (
    name: string,
    definition: OperatorDefinition,
    options: OperatorOptions | undefined,
  ) => OperatorStream<never, Time>
}

/** Two streams whose records meet by key: made by `left.connect(right)`. */
export class ConnectedStreams<K extends Key, L, R, Time extends TimeKind = 'none'> {
  private readonly connection: Connection<Time>

  constructor(connection: Connection<Time>) {
    this.connection = connection
  }

  /** A user's own operator, made by `coOperator<K, L, R, Out>()({ … })`; both sides share its state. */
  process<Out>(
    name: string,
    declared: CoOperator<K, L, R, Out>,
    options?: OperatorOptions,
  ): OperatorStream<Out, Time> {
    const erased = declared as CoOperator<never, never, never, unknown>
    const { handlers } = (erased as Partial<typeof erased> | undefined) ?? {}
    if (typeof handlers?.onLeft !== 'function' || typeof handlers.onRight !== 'function') {
      throw new ConfigError(
        'OPERATOR_ILLEGAL',
        `step '${name}' needs what coOperator()({ … }) returns, got ${typeof declared}`,
      )
    }
    const { keys, timed, attach } = this.connection
    return attach(
      name,
      coProcessOperator(erased, keys, { onError: onErrorOf(name, options), timed }),
      options,
    )
  }
}
