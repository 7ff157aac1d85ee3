/** `connect(…).process`: a user's own operator over two keyed streams with shared state. */
import type { Key } from '../../core/keys/index.ts'
import type { OperatorDefinition } from '../operator.ts'
import { inStream, type CellDeclarations, type StateSchema } from '../state/schema.ts'
import {
  Process,
  sidesOf,
  stateOf,
  stateRules,
  type ProcessContext,
  type ProcessHandlers,
  type ProcessOptions,
} from './process.ts'

/** Handlers of two inputs; which record comes first across the two is not defined. */
export interface CoHandlers<K, L, R, Out, D extends CellDeclarations> extends Omit<
  ProcessHandlers<K, never, Out, D>,
  'onRecord'
> {
  /** A record of the stream that `connect` was called on. */
  onLeft(context: ProcessContext<K, D, Out>, record: L): void
  /** A record of the stream that was passed to `connect`. */
  onRight(context: ProcessContext<K, D, Out>, record: R): void
}

/** Handlers with their types; made by `coOperator`. */
export interface CoOperator<K, L, R, Out> {
  readonly _types?: readonly [K, L, R, Out]
  readonly schema: StateSchema
  readonly handlers: CoHandlers<K, L, R, Out, never>
}

/**
 * Declares an operator for `left.connect(right).process(name, …)`; like `operator`, called twice:
 * `coOperator<string, Order, Payment, Paid>()({ state: { … }, onLeft(ctx, order) { … }, onRight(ctx, payment) { … } })`.
 */
export function coOperator<K extends Key, L, R, Out>(): <D extends CellDeclarations>(
  handlers: CoHandlers<K, L, R, Out, D>,
) => CoOperator<K, L, R, Out> {
  return (handlers) => ({
    schema: stateOf(handlers),
    handlers: handlers as unknown as CoHandlers<K, L, R, Out, never>,
  })
}

export interface CoKeys {
  readonly left: (record: never) => Key
  readonly right: (record: never) => Key
}

export function coProcessOperator(
  { handlers, schema }: CoOperator<never, never, never, unknown>,
  keys: CoKeys,
  { onError, timed }: ProcessOptions,
): OperatorDefinition {
  return {
    kind: 'coProcess',
    onError,
    ...sidesOf(handlers.outputs),
    ...stateRules(handlers, schema),
    keyed: { keyOf: keys.left, secondKeyOf: keys.right, state: inStream(schema, timed) },
    create: (context) =>
      new Process(handlers, { keyOf: keys.left, handler: handlers.onLeft.bind(handlers) }, context, {
        second: { keyOf: keys.right, handler: handlers.onRight.bind(handlers) },
      }),
  }
}
