/**
 * What a step is to the engine: a description in the graph, from which every task makes an instance.
 * Handlers are synchronous; an *invocation* is one call of `onRecord`, one item of a pulled iterable, or one
 * key of `onEnd` (T1).
 */
import type { Key } from '../core/keys/index.ts'
import type { StepName } from '../core/ids.ts'
import { outputUnknown } from './errors.ts'
import type { OutputName } from './graph.ts'
import type { StateSchema } from './state/schema.ts'
import type { KeyedState } from './state/keyed-state.ts'

export type Emit = (record: unknown) => void

/** P1: what a throw of the user's code does to the record. */
export type ErrorPolicy = 'fail' | 'skip' | 'dead-letter'

export interface OperatorDefinition {
  /** `map`, `process` …: for messages, `inspect` and the fingerprint. */
  readonly kind: string
  readonly onError: ErrorPolicy
  /** Present for keyed operators: how the key is read from the record, and the cells. */
  readonly keyed?: KeyedDefinition
  /** Outputs beside `main` that `emitTo` may name. */
  readonly outputs?: readonly OutputName[]
  /** True for `map`, `filter` and the like: the planner may call `fn` from generated code. */
  readonly inline?: InlineForm
  create(context: OperatorContext): OperatorInstance
}

export interface KeyedDefinition {
  readonly keyOf: (record: never) => Key
  /** Of the records of the second input, where there is one. */
  readonly secondKeyOf?: (record: never) => Key
  readonly state: StateSchema
}

/** Steps simple enough for a generated loop. */
export type InlineForm =
  | { readonly kind: 'map'; readonly fn: (record: never) => unknown }
  | { readonly kind: 'filter'; readonly fn: (record: never) => boolean }
  | { readonly kind: 'identity' }

export interface OperatorContext {
  readonly step: StepName
  readonly emit: Emit
  /** To one of the definition's `outputs`. Throws `OUTPUT_UNKNOWN` for any other. */
  readonly emitTo: (output: OutputName, record: unknown) => void
  /** A step that keeps iterables to pull counts them here; while it is not 0, no record is invoked (T1). */
  readonly gate: { leftovers: number }
  /** Present when the definition is keyed. */
  readonly state?: KeyedState
}

/** Throws `OUTPUT_UNKNOWN` unless `output` is one of the definition's. */
export function checkOutput({ outputs = [] }: OperatorDefinition, step: StepName, output: OutputName): void {
  if (!outputs.includes(output)) throw outputUnknown(step, output, outputs)
}

export interface OperatorInstance {
  onRecord(record: unknown): void
  /** A record of the second input; such a step heads its task. */
  onSecond?(record: unknown): void
  /**
   * Present on steps whose results may be iterables: emits one item of what is left and returns true, or
   * returns false when nothing is left.
   */
  pull?(): boolean
  /** Gives up what is left to pull (P1). */
  discard?(): void
  /** Keyed operators: called once a key that holds state, after the last record; the state has entered the key. */
  onEnd?(key: Key): void
}
