/** `process`: a user's own operator over keyed state. */
import type { Key } from '../../core/keys/index.ts'
import { invariant } from '../../core/invariant.ts'
import type { StepName } from '../../core/ids.ts'
import { keySelectorThrew, OperatorError, operatorThrew, rejectPromise } from '../errors.ts'
import type { ErrorPolicy, OperatorContext, OperatorDefinition, OperatorInstance } from '../operator.ts'
import type { SideOutput } from '../side-output.ts'
import type { KeyedState } from '../state/keyed-state.ts'
import { eventTimeMissing } from '../state/clock-timers.ts'
import { Expiry } from './expiry.ts'
import { HandlerEmits } from './handler-emits.ts'
import {
  inStream,
  needsEventTime,
  stateSchema,
  type CellDeclarations,
  type Cells,
  type StateSchema,
} from '../state/schema.ts'
import { isSweep, type KeyTimers, type Timer } from '../state/timers.ts'

/** What a handler gets beside the record. The object is reused: do not keep it. */
export interface ProcessContext<K, D extends CellDeclarations, Out> {
  /** The record's key. */
  readonly key: K
  /** The current key's cells. */
  readonly state: Cells<D>
  /** At most 10,000 times a call; return larger results from `flatMap` as an iterable. */
  readonly emit: (record: Out) => void
  /** To a side output that the operator lists in `outputs`; counts like `emit`. */
  readonly emitTo: <S>(side: SideOutput<S>, record: S) => void
  /**
   * Event time: of the record in hand, or the timer's; in `onEnd`, of the last watermark. ms since 1970. What is
   * emitted carries it. Throws MillraceError `EVENT_TIME_MISSING` where no `eventTime` step comes before.
   */
  readonly timestampMs: number
  /** No record older than or equal to it is to come; −Infinity before the first watermark, +Infinity at the end. */
  readonly watermarkMs: number
  /** Processing time: whole ms since 1970. */
  readonly nowMs: () => number
  /** The current key's; they need an `onTimer`. */
  readonly timers: KeyTimers
}

export interface ProcessHandlers<K, In, Out, D extends CellDeclarations> {
  readonly state: D
  /** Side outputs that `ctx.emitTo` may name; each must be continued from the results' `.sideOutput(side)`. */
  readonly outputs?: readonly SideOutput<never>[]
  onRecord(context: ProcessContext<K, D, Out>, record: In): void
  /** Called when a timer of the key fires; it is gone by then, and may be set again. */
  onTimer?(context: ProcessContext<K, D, Out>, timer: Timer): void
  /**
   * Called once a key that holds state which has not expired, when every input ended. Never again after that, also not
   * after a restore.
   */
  onEnd?(context: ProcessContext<K, D, Out>): void
  /** Version of the state's content, default 1; raise it with `migrate` when the shape changes. */
  readonly version?: number
  readonly migrate?: (values: Record<string, unknown>, fromVersion: number) => Record<string, unknown>
}

/** Handlers with their types; made by `operator`. */
export interface ProcessOperator<K, In, Out> {
  readonly _types?: readonly [K, In, Out]
  readonly schema: StateSchema
  readonly handlers: ProcessHandlers<K, In, Out, never>
}

/**
 * Declares an operator for `keyed.process(name, …)`. Called twice, so that the record types are given and the
 * cells' types inferred: `operator<string, Click, Visit>()({ state: { … }, onRecord(ctx, click) { … } })`.
 */
export function operator<K extends Key, In, Out>(): <D extends CellDeclarations>(
  handlers: ProcessHandlers<K, In, Out, D>,
) => ProcessOperator<K, In, Out> {
  return (handlers) => ({
    schema: stateOf(handlers),
    handlers: handlers as unknown as ProcessHandlers<K, In, Out, never>,
  })
}

/** The cells of an operator, and its timers where it handles some. */
export const stateOf = (
  handlers: Pick<SharedHandlers, 'version' | 'migrate'> & {
    readonly state: CellDeclarations
    readonly onTimer?: unknown
  },
): StateSchema =>
  stateSchema(handlers.state, {
    version: handlers.version,
    migrate: handlers.migrate,
    timers: handlers.onTimer !== undefined,
  })

/** What a step with handlers is given beside them. */
export interface ProcessOptions {
  readonly onError: ErrorPolicy
  /** Its stream has event time. */
  readonly timed: boolean
}

export function processOperator(
  { handlers, schema }: ProcessOperator<never, never, unknown>,
  keyOf: (record: never) => Key,
  { onError, timed }: ProcessOptions,
): OperatorDefinition {
  return {
    kind: 'process',
    onError,
    ...sidesOf(handlers.outputs),
    ...stateRules(handlers, schema),
    keyed: { keyOf, state: inStream(schema, timed) },
    create: (context) => new Process(handlers, { keyOf, handler: handlers.onRecord.bind(handlers) }, context),
  }
}

/** What cells ask of the flow, and what they threaten. */
export function stateRules(
  { onTimer }: Pick<SharedHandlers, 'onTimer'>,
  schema: StateSchema,
): Pick<OperatorDefinition, 'eventTime' | 'unbounded'> {
  const kept = schema.cells.filter(
    ({ declaration: { ttl } }, slot) =>
      ttl === undefined && slot < (schema.timerSlot ?? schema.ttl?.slot ?? Infinity),
  )
  return {
    ...(needsEventTime(schema) && { eventTime: 'needs' }),
    ...(kept.length > 0 &&
      onTimer === undefined && {
        unbounded: `nothing but a record of the key, or the end, empties ${kept.map(({ name }) => `'${name}'`).join(', ')}; declare ttlMs, or let go of finished keys in an onTimer`,
      }),
  }
}

/** The definition's `outputs` of the side outputs that an operator lists. */
export const sidesOf = (sides: readonly SideOutput<never>[] = []): Pick<OperatorDefinition, 'outputs'> =>
  sides.length > 0 ? { outputs: sides.map(({ name }) => name) } : {}

/** What handlers are to the engine, whatever they call their inputs. */
export type SharedHandlers = Omit<ProcessHandlers<never, never, unknown, never>, 'onRecord'>

/** One input's records: whose key each is, and what handles it. */
export interface HandledInput {
  readonly keyOf: (record: never) => Key
  readonly handler: (context: never, record: never) => unknown
}

export interface ProcessExtras {
  readonly second?: HandledInput
  /** What handlers see in their context beside the rest. */
  readonly beside?: object
}

/** Runs a user's handlers, of one input or two, on the state of the record's key. */
export class Process implements OperatorInstance {
  readonly onEnd?: (key: Key) => void
  readonly onSecond?: (record: unknown) => void
  readonly onTimer?: (key: Key, timer: Timer) => void
  private readonly input: HandledInput
  private readonly operator: OperatorContext
  private readonly state: KeyedState
  private readonly expiry: Expiry | undefined
  private readonly context: { key: Key } & Omit<ProcessContext<Key, never, unknown>, 'key'>
  private readonly emits: HandlerEmits

  constructor(
    handlers: SharedHandlers,
    input: HandledInput,
    operator: OperatorContext,
    { second, beside }: ProcessExtras = {},
  ) {
    invariant(operator.state !== undefined, `keyed step '${operator.step}' has state`)
    this.input = input
    this.operator = operator
    this.emits = new HandlerEmits(operator)
    this.state = operator.state
    this.expiry = Expiry.of(operator)
    if (second) this.onSecond = (record) => this.handle(second, record)
    this.context = {
      key: 0,
      state: operator.state.cells as never,
      timers: (handlers.onTimer && operator.timers) ?? timersMissing(operator.step),
      get timestampMs() {
        return timestampOf(operator)
      },
      get watermarkMs() {
        return operator.clock.watermarkMs
      },
      nowMs: () => operator.clock.nowMs(),
      emit: this.emits.emit,
      emitTo: this.emits.emitTo,
    }
    if (beside) Object.assign(this.context, beside)
    if (handlers.onEnd) {
      this.onEnd = (key) => {
        if (this.expiry?.hasExpired(key) !== true)
          this.call(key, 'the end', () => handlers.onEnd?.(this.context as never))
      }
    }
    if (handlers.onTimer || this.expiry) {
      this.onTimer = (key, timer) => {
        if (isSweep(timer.name)) {
          this.expiry?.sweep(timer)
          return
        }
        this.expiry?.beginTimer(timer)
        this.call(key, `timer '${timer.name}'`, () => handlers.onTimer?.(this.context as never, timer))
      }
    }
  }

  onRecord(record: unknown): void {
    this.handle(this.input, record)
  }

  private handle({ keyOf, handler }: HandledInput, record: unknown): void {
    const key = this.readKey(keyOf, record)
    this.emits.begin()
    try {
      this.state.enter(key)
      this.expiry?.beginRecord()
      this.context.key = key
      const result = handler(this.context as never, record as never)
      if (result !== undefined) rejectPromise(this.operator.step, result)
    } catch (cause) {
      throw operatorThrew(this.operator.step, cause)
    } finally {
      this.emits.end()
    }
  }

  private readKey(keyOf: HandledInput['keyOf'], record: unknown): Key {
    try {
      return keyOf(record as never)
    } catch (cause) {
      throw keySelectorThrew(this.operator.step, cause)
    }
  }

  private call(key: Key, what: string, handler: () => unknown): void {
    this.emits.begin()
    try {
      this.state.enter(key)
      this.context.key = key
      rejectPromise(this.operator.step, handler())
    } catch (cause) {
      throw operatorThrew(this.operator.step, cause, `${what} of key ${JSON.stringify(String(key))}`)
    } finally {
      this.emits.end()
    }
  }
}

export function timestampOf({ step, time }: OperatorContext): number {
  if (Number.isNaN(time.recordMs)) throw eventTimeMissing(step, "a record's time")
  return time.recordMs
}

function timersMissing(step: StepName): KeyTimers {
  const refuse = (): never => {
    throw new OperatorError('TIMER_HANDLER_MISSING', `'${step}' sets a timer; declare onTimer(ctx, timer)`, {
      retry: 'fatal',
      details: { step },
    })
  }
  return { at: refuse, atClock: refuse, delete: refuse }
}
