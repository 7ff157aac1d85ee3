/**
 * What a step is to the engine: a description in the graph, from which every task makes an instance.
 * Handlers are synchronous; an *invocation* is one call of `onRecord`, one timer, one item of a pulled iterable,
 * or one key of `onEnd` (T1).
 */
import type { Key } from '../core/keys/index.ts'
import type { StepName } from '../core/ids.ts'
import type { Ports } from '../core/ports/index.ts'
import { outputUnknown } from './errors.ts'
import type { Openings } from './openings.ts'
import type { OutputName } from './graph.ts'
import type { SourceContext } from './source.ts'
import type { KeyTimers, Timer } from './state/timers.ts'
import type { StateSchema } from './state/schema.ts'
import type { KeyedState } from './state/keyed-state.ts'

export type Emit = (record: unknown) => void

/** P1: what a throw of the user's code does to the record. */
export type ErrorPolicy = 'fail' | 'skip' | 'dead-letter'

/** A task's register: the event time of the record in hand, ms since 1970. What is emitted carries it. */
export interface TimeRegister {
  recordMs: number
}

export interface StepClock {
  /**
   * This step's watermark: no record older than or equal to it is to come; −Infinity before the first, +Infinity
   * when every input ended. W1: what a restored key's group had seen counts, for that key.
   */
  readonly watermarkMs: number
  /** The same, but at the end what it was before. */
  readonly reachedMs: number
  /** Processing time through the clock port: whole ms since 1970; may jump. */
  nowMs(): number
}

export interface OperatorDefinition {
  /** `map`, `process` …: for messages, `inspect` and the fingerprint. */
  readonly kind: string
  readonly onError: ErrorPolicy
  /** Present for keyed operators: how the key is read from the record, and the cells. */
  readonly keyed?: KeyedDefinition
  /** Outputs beside `main` that `emitTo` may name. */
  readonly outputs?: readonly OutputName[]
  /** The names of the maps of broadcast state; present where the second input is a broadcast side. */
  readonly broadcast?: readonly string[]
  /** True for `map`, `filter` and the like: the planner may call `fn` from generated code. */
  readonly inline?: InlineForm
  /** `stamps`: gives records their event time. `needs`: refused without event time (`EVENT_TIME_MISSING`). */
  readonly eventTime?: 'stamps' | 'needs'
  /** Present where a key's state is never let go by itself: why, and what to do. Becomes a warning. */
  readonly unbounded?: string
  /** Records leave the instance, or fail, long after they came, while others are in hand. So it keeps P1 itself. */
  readonly defers?: boolean
  /** What the step does more than once after a failure, for the report of guarantees. */
  readonly caution?: string
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
  /** The record goes on as it is, once the instance's `tap` has seen it. */
  | { readonly kind: 'tap' }

export interface OperatorContext {
  readonly step: StepName
  /** To the main output, at `time.recordMs`. */
  readonly emit: Emit
  /** To one of the definition's `outputs`. Throws `OUTPUT_UNKNOWN` for any other. */
  readonly emitTo: (output: OutputName, record: unknown) => void
  /** A step that keeps iterables to pull counts them here; while it is not 0, no record is invoked (T1). */
  readonly gate: { leftovers: number }
  /** Present when the definition is keyed. */
  readonly state?: KeyedState
  /** Shared by the task's steps, set before each invocation; NaN in flows without event time. */
  readonly time: TimeRegister
  readonly clock: StepClock
  /** Timers of the current key; present when the step's schema has them. */
  readonly timers?: KeyTimers
  /** Present when the step's records come from a source in the same task: whose split is in hand. */
  readonly splits?: SplitRegister
  /** Present when steps of this task can tell: what the record in hand must keep its order within. */
  readonly lane?: () => Lane | undefined
  /** Whether another step runs in this task, so that what reaches it need not be sent. */
  readonly inTask: (step: StepName) => boolean
  readonly ports: Pick<Ports, 'clock' | 'timers' | 'random' | 'log'>
  /** There may be something to pull, or another watermark to let out. Safe from anywhere. */
  readonly wake: () => void
  /** How many tasks the step has, and which of them this is, from 0. */
  readonly parallelism: number
  readonly taskIndex: number
}

/** A source's splits, as the steps behind it in the same task see them. */
export interface SplitRegister {
  readonly splits: readonly string[]
  /** Index of the split whose records are being worked on. */
  current: number
  /** Per split: how often the source has looked for records in it, whether it found some or not. */
  readonly visits: number[]
  /** Per split: nothing comes from it any more (C10). */
  readonly ended: boolean[]
}

/** Whose records keep their order: of a split (its name), or of a key group (its number). */
export type Lane = string | number

/** Of a step's own state that belongs to no key: plain data, small, encoded at the barrier. */
export interface UnkeyedSection {
  readonly scope: UnkeyedScope
  readonly value: unknown
}

export type UnkeyedScope =
  /** Goes with the source's split, to whichever task reads it; only where `splits` is present. */
  | { readonly kind: 'split'; readonly split: string }
  /** Shared out over the step's tasks. */
  | { readonly kind: 'list' }
  /** A list of `[lane, item]`: each item goes with its lane, to whichever task reads that split or owns that group. */
  | { readonly kind: 'lanes' }
  /**
   * Every task holds such a one, and each writes its own, once. A task gets back its own; with another number of
   * tasks all must be equal, and each gets the first one's.
   */
  | { readonly kind: 'copy' }

/** Why a watermark came out as it did. */
export interface WatermarkOut {
  readonly atMs: number
  /** Nothing is to be expected for a while: whoever waits for it may go on without. */
  readonly idle: boolean
}

/** Throws `OUTPUT_UNKNOWN` unless `output` is one of the definition's. */
export function checkOutput({ outputs = [] }: OperatorDefinition, step: StepName, output: OutputName): void {
  if (!outputs.includes(output)) throw outputUnknown(step, output, outputs)
}

export interface OperatorInstance {
  onRecord(record: unknown): void
  /** A record of the second input; such a step heads its task. */
  onSecond?(record: unknown): void
  /** In place of `onRecord`, for definitions whose `inline` is a tap. */
  tap?(record: unknown): void
  /**
   * Keyed steps whose schema has timers: one timer fired, and is gone from the state. The state has entered the
   * key; the register holds the timer's time.
   */
  onTimer?(key: Key, timer: Timer): void
  /**
   * P1: what `onTimer` did was undone, and its timer is gone for good. Whatever waits for that timer must not wait
   * for ever.
   */
  onTimerUndone?(key: Key, timer: Timer): void
  /**
   * Present on steps whose results may be iterables: emits one item of what is left and returns true, or
   * returns false when nothing is left.
   */
  pull?(): boolean
  /**
   * True while the step takes no record, for reasons of its own; it has closed the gate then. Nothing before it is
   * pulled, no timer fires and no end begins; barriers pass.
   */
  readonly full?: boolean
  /** True while records have not left the step: the end waits. It wakes the task when that changes. */
  readonly busy?: boolean
  /** Steps that defer: of the record that left last. */
  readonly lane?: Lane | undefined
  /** Gives up what is left to pull (P1). */
  discard?(): void
  /** Keyed operators: called once a key that holds state, after the last record; it enters the key itself. */
  onEnd?(key: Key): void
  /**
   * Steps that make watermarks or hold them back: what may leave now, given what came in. Asked about once a
   * thousand records, when there is nothing more to read, and after each watermark that came in. An answer below
   * an earlier one counts as that one.
   */
  watermarkOut?(inMs: number, inIdle: boolean): WatermarkOut
  /**
   * Emits what was held back: before a barrier is taken (so it is no state), and when the input ended. At most what
   * one call may emit.
   */
  flush?(): void
  /** Reads what the step needs from outside: called once, at each start, before anything else. */
  load?(context: SourceContext, openings: Openings): Promise<void>
  /** Restored before any record comes, with every section that falls to this task, also none. */
  readonly unkeyed?: {
    snapshot(): readonly UnkeyedSection[]
    restore(sections: readonly UnkeyedSection[]): void
  }
  /** The task ends, or failed: nothing is called any more. */
  close?(): void
}
