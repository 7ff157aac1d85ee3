/** `connectBroadcast(…).process`: a user's own operator whose every task sees the records of a second stream. */
import { invariant } from '../../core/invariant.ts'
import type { StepName } from '../../core/ids.ts'
import type { Key } from '../../core/keys/index.ts'
import { OperatorError, operatorThrew, rejectPromise } from '../errors.ts'
import {
  checkOutput,
  type OperatorContext,
  type OperatorDefinition,
  type OperatorInstance,
} from '../operator.ts'
import type { SideOutput } from '../side-output.ts'
import { inStream, type CellDeclarations, type StateSchema } from '../state/schema.ts'
import type { Timer } from '../state/timers.ts'
import { HandlerEmits } from '../steps/handler-emits.ts'
import {
  Process,
  sidesOf,
  stateOf,
  stateRules,
  timestampOf,
  type ProcessContext,
  type ProcessHandlers,
  type ProcessOptions,
} from '../steps/process.ts'
import {
  BroadcastState,
  mapNames,
  type BroadcastDeclarations,
  type BroadcastMaps,
  type BroadcastView,
} from './maps.ts'

/** What handlers have in common. The object is reused: do not keep it. */
type CommonContext<Out> = Omit<ProcessContext<never, never, Out>, 'key' | 'state' | 'timers'>

/** What a handler of main records gets beside the record: broadcast state to read. */
export interface MainContext<B extends BroadcastDeclarations, Out> extends CommonContext<Out> {
  readonly broadcast: BroadcastView<B>
}

/** The same where the main stream is keyed: also the state and the timers of the record's key. */
export interface KeyedMainContext<
  K,
  D extends CellDeclarations,
  B extends BroadcastDeclarations,
  Out,
> extends ProcessContext<K, D, Out> {
  readonly broadcast: BroadcastView<B>
}

/** What `onBroadcast` gets beside the record: broadcast state to change. */
export interface BroadcastContext<B extends BroadcastDeclarations, Out> extends CommonContext<Out> {
  readonly broadcast: BroadcastMaps<B>
}

interface BroadcastHandler<Rule, Out, B extends BroadcastDeclarations> {
  /** Maps that every task of the step holds alike, each declared with `mapCell<K, V>()`. */
  readonly broadcast: B
  /** Side outputs that `ctx.emitTo` may name; each must be continued from the results' `.sideOutput(side)`. */
  readonly outputs?: readonly SideOutput<never>[]
  /**
   * A broadcast record, in every task. What it makes of the maps must depend on nothing but the record and the maps.
   * What it emits leaves once, from the first task.
   */
  onBroadcast(context: BroadcastContext<B, Out>, record: Rule): void
}

export interface BroadcastHandlers<In, Rule, Out, B extends BroadcastDeclarations> extends BroadcastHandler<
  Rule,
  Out,
  B
> {
  /** A record of the main stream, in one task. */
  onRecord(context: MainContext<B, Out>, record: In): void
}

export interface KeyedBroadcastHandlers<
  K,
  In,
  Rule,
  Out,
  D extends CellDeclarations,
  B extends BroadcastDeclarations,
>
  extends
    Omit<ProcessHandlers<K, never, Out, D>, 'onRecord' | 'onTimer' | 'onEnd'>,
    BroadcastHandler<Rule, Out, B> {
  /** A record of the main stream, in the task of its key. */
  onRecord(context: KeyedMainContext<K, D, B, Out>, record: In): void
  /** Called when a timer of the key fires; it is gone by then, and may be set again. */
  onTimer?(context: KeyedMainContext<K, D, B, Out>, timer: Timer): void
  /** Called once a key that holds state, when every input ended, the broadcast side's too. */
  onEnd?(context: KeyedMainContext<K, D, B, Out>): void
}

/** Handlers with their types; made by `broadcastOperator`. */
export interface BroadcastOperator<In, Rule, Out> {
  readonly _types?: readonly [In, Rule, Out]
  readonly maps: readonly string[]
  readonly handlers: BroadcastHandlers<never, never, unknown, never>
}

/** Handlers with their types; made by `keyedBroadcastOperator`. */
export interface KeyedBroadcastOperator<K, In, Rule, Out> {
  readonly _types?: readonly [K, In, Rule, Out]
  readonly maps: readonly string[]
  readonly schema: StateSchema
  readonly handlers: KeyedBroadcastHandlers<never, never, never, unknown, never, never>
}

/**
 * Declares an operator for `stream.connectBroadcast(name, rules).process(name, …)`; like `operator`, called twice:
 * `broadcastOperator<Payment, Rule, Alarm>()({ broadcast: { rules: mapCell<string, Rule>() }, onRecord(ctx, payment) { … }, onBroadcast(ctx, rule) { … } })`.
 * Throws ConfigError `STATE_CELL` for broadcast state that is no map.
 */
export function broadcastOperator<In, Rule, Out>(): <B extends BroadcastDeclarations>(
  handlers: BroadcastHandlers<In, Rule, Out, B>,
) => BroadcastOperator<In, Rule, Out> {
  return (handlers) => ({
    maps: mapNames(handlers.broadcast),
    handlers: handlers as unknown as BroadcastHandlers<never, never, unknown, never>,
  })
}

/** The same for a main stream with a key: `onRecord`, `onTimer` and `onEnd` have the key's state and timers too. */
export function keyedBroadcastOperator<K extends Key, In, Rule, Out>(): <
  D extends CellDeclarations,
  B extends BroadcastDeclarations,
>(
  handlers: KeyedBroadcastHandlers<K, In, Rule, Out, D, B>,
) => KeyedBroadcastOperator<K, In, Rule, Out> {
  return (handlers) => ({
    maps: mapNames(handlers.broadcast),
    schema: stateOf(handlers),
    handlers: handlers as unknown as KeyedBroadcastHandlers<never, never, never, unknown, never, never>,
  })
}

export interface BroadcastOptions extends ProcessOptions {
  /** Only the main stream has event time: what `onBroadcast` would emit had none. */
  readonly silent: boolean
}

export function broadcastDefinition(
  { handlers, maps }: BroadcastOperator<never, never, unknown>,
  options: BroadcastOptions,
): OperatorDefinition {
  const definition: OperatorDefinition = {
    kind: 'broadcastProcess',
    onError: options.onError,
    ...sidesOf(handlers.outputs),
    broadcast: maps,
    create: (context) => {
      const side = new BroadcastSide(handlers, definition, context, options.silent)
      const emits = new HandlerEmits(context)
      const main = contextOf(context, emits, side.state.maps)
      return {
        ...side.input,
        onRecord(record) {
          emits.begin()
          try {
            rejectPromise(context.step, handlers.onRecord(main as never, record as never))
          } catch (cause) {
            throw operatorThrew(context.step, cause)
          } finally {
            emits.end()
          }
        },
      }
    },
  }
  return definition
}

export function keyedBroadcastDefinition(
  { handlers, schema, maps }: KeyedBroadcastOperator<never, never, never, unknown>,
  keyOf: (record: never) => Key,
  options: BroadcastOptions,
): OperatorDefinition {
  const definition: OperatorDefinition = {
    kind: 'broadcastProcess',
    onError: options.onError,
    ...sidesOf(handlers.outputs),
    broadcast: maps,
    ...stateRules(handlers, schema),
    keyed: { keyOf, state: inStream(schema, options.timed) },
    create: (context) => {
      const side = new BroadcastSide(handlers, definition, context, options.silent)
      const input = { keyOf, handler: handlers.onRecord.bind(handlers) }
      const process = new Process(handlers, input, context, {
        beside: { broadcast: side.state.maps },
      })
      return Object.assign(process, side.input)
    },
  }
  return definition
}

/** The second input, and the state that it changes. */
class BroadcastSide {
  readonly state: BroadcastState
  readonly input: Pick<OperatorInstance, 'unkeyed'> & Required<Pick<OperatorInstance, 'onSecond'>>

  constructor(
    { onBroadcast }: Pick<BroadcastHandlers<never, never, unknown, never>, 'onBroadcast'>,
    definition: OperatorDefinition,
    operator: OperatorContext,
    silent: boolean,
  ) {
    const { step } = operator
    invariant(definition.broadcast !== undefined, `'${step}' has broadcast state`)
    const state = new BroadcastState(step, definition.broadcast)
    // BS4: each counts and checks what it emits, so that all fail alike; the first sends it.
    const sends = operator.taskIndex === 0
    const checkTime = (): void => {
      if (silent) throw broadcastUntimed(step)
    }
    const emits = new HandlerEmits({
      step,
      emit: (record) => {
        checkTime()
        if (sends) operator.emit(record)
      },
      emitTo: (output, record) => {
        checkTime()
        checkOutput(definition, step, output)
        if (sends) operator.emitTo(output, record)
      },
    })
    const context = contextOf(operator, emits, state.maps)
    this.state = state
    this.input = {
      unkeyed: { snapshot: () => state.snapshot(), restore: (sections) => state.restore(sections) },
      onSecond: (record) => {
        emits.begin()
        try {
          state.change(() => rejectPromise(step, onBroadcast(context as never, record as never)))
        } catch (cause) {
          throw operatorThrew(step, cause, 'a broadcast record')
        } finally {
          emits.end()
        }
      },
    }
  }
}

const broadcastUntimed = (step: StepName): OperatorError =>
  new OperatorError(
    'EVENT_TIME_MISSING',
    `'${step}' emitted in onBroadcast, at no event time: only its main stream has one; put .eventTime(name, { atMs }) before connectBroadcast(name, rules) on the rules too, or emit in onRecord`,
    { retry: 'fatal', details: { step } },
  )

function contextOf(
  operator: OperatorContext,
  emits: HandlerEmits,
  broadcast: BroadcastState['maps'],
): CommonContext<unknown> & { readonly broadcast: unknown } {
  return {
    broadcast,
    get timestampMs() {
      return timestampOf(operator)
    },
    get watermarkMs() {
      return operator.clock.watermarkMs
    },
    nowMs: () => operator.clock.nowMs(),
    emit: emits.emit,
    emitTo: emits.emitTo,
  }
}
