/** `process`: a user's own operator over keyed state. */
import type { Key } from '../../core/keys/index.ts'
import { invariant } from '../../core/invariant.ts'
import { limits } from '../../core/limits.ts'
import { keySelectorThrew, OperatorError, operatorThrew, rejectPromise } from '../errors.ts'
import type { ErrorPolicy, OperatorContext, OperatorDefinition, OperatorInstance } from '../operator.ts'
import type { SideOutput } from '../side-output.ts'
import { stateSchema, type CellDeclarations, type Cells, type StateSchema } from '../state/schema.ts'

/** What a handler gets beside the record. The object is reused: do not keep it. */
export interface ProcessContext<K, D extends CellDeclarations, Out> {
  /** The record's key. */
  readonly key: K
  /** The current key's cells. */
  readonly state: Cells<D>
  /** At most 10,000 times a call; return larger results from `flatMap` as an iterable. */
  emit(record: Out): void
  /** To a side output that the operator lists in `outputs`; counts like `emit`. */
  emitTo<S>(side: SideOutput<S>, record: S): void
}

export interface ProcessHandlers<K, In, Out, D extends CellDeclarations> {
  readonly state: D
  /** Side outputs that `ctx.emitTo` may name; each must be continued from the results' `.sideOutput(side)`. */
  readonly outputs?: readonly SideOutput<never>[]
  onRecord(context: ProcessContext<K, D, Out>, record: In): void
  /** Called once a key that holds state, when every input ended. Never again after that, also not after a restore. */
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
    schema: stateSchema(handlers.state, { version: handlers.version, migrate: handlers.migrate }),
    handlers: handlers as unknown as ProcessHandlers<K, In, Out, never>,
  })
}

export function processOperator(
  declared: ProcessOperator<never, never, unknown>,
  keyOf: (record: never) => Key,
  onError: ErrorPolicy,
): OperatorDefinition {
  return {
    kind: 'process',
    onError,
    ...sidesOf(declared.handlers.outputs),
    keyed: { keyOf, state: declared.schema },
    create: (context) => {
      const { handlers } = declared
      return new Process(handlers, { keyOf, handler: handlers.onRecord.bind(handlers) }, context)
    },
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

/** Runs a user's handlers, of one input or two, on the state of the record's key. */
export class Process implements OperatorInstance {
  readonly onEnd?: (key: Key) => void
  readonly onSecond?: (record: unknown) => void
  private readonly input: HandledInput
  private readonly operator: OperatorContext
  private readonly state: NonNullable<OperatorContext['state']>
  private readonly context: {
    key: Key
    state: never
    emit: (record: unknown) => void
    emitTo: (side: SideOutput<unknown>, record: unknown) => void
  }
  private emitted = 0

  constructor(
    handlers: SharedHandlers,
    input: HandledInput,
    operator: OperatorContext,
    second?: HandledInput,
  ) {
    invariant(operator.state !== undefined, `keyed step '${operator.step}' has state`)
    this.input = input
    this.operator = operator
    this.state = operator.state
    if (second) this.onSecond = (record) => this.handle(second, record)
    this.context = {
      key: 0,
      state: operator.state.cells as never,
      emit: (record) => {
        if ((this.emitted += 1) > limits.emitsPerCallMax) throw this.tooMany()
        operator.emit(record)
      },
      emitTo: ({ name }, record) => {
        if ((this.emitted += 1) > limits.emitsPerCallMax) throw this.tooMany()
        operator.emitTo(name, record)
      },
    }
    if (handlers.onEnd) {
      this.onEnd = (key) => this.call(key, () => handlers.onEnd?.(this.context as never))
    }
  }

  onRecord(record: unknown): void {
    this.handle(this.input, record)
  }

  private handle({ keyOf, handler }: HandledInput, record: unknown): void {
    const key = this.readKey(keyOf, record)
    this.emitted = 0
    try {
      this.state.enter(key)
      this.context.key = key
      const result = handler(this.context as never, record as never)
      if (result !== undefined) rejectPromise(this.operator.step, result)
    } catch (cause) {
      throw operatorThrew(this.operator.step, cause)
    }
  }

  private readKey(keyOf: HandledInput['keyOf'], record: unknown): Key {
    try {
      return keyOf(record as never)
    } catch (cause) {
      throw keySelectorThrew(this.operator.step, cause)
    }
  }

  private call(key: Key, handler: () => unknown): void {
    this.emitted = 0
    try {
      this.state.enter(key)
      this.context.key = key
      rejectPromise(this.operator.step, handler())
    } catch (cause) {
      throw operatorThrew(this.operator.step, cause, `the end of key ${JSON.stringify(String(key))}`)
    }
  }

  private tooMany(): OperatorError {
    return new OperatorError(
      'EMITS_TOO_MANY',
      `'${this.operator.step}' emitted more than ${limits.emitsPerCallMax} records in one call; return them from flatMap as an iterable`,
      { retry: 'fatal', details: { step: this.operator.step } },
    )
  }
}
