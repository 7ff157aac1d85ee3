/** What every kind of window operator is made of. */
import type { StepName } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import type { Key } from '../../core/keys/index.ts'
import { keySelectorThrew } from '../errors.ts'
import type { OperatorContext } from '../operator.ts'
import type { KeyedState } from '../state/keyed-state.ts'
import type { KeyTimers } from '../state/timers.ts'
import { Accumulation, type ErasedAggregate } from './accumulation.ts'
import type { ResolvedWindowOptions } from './options.ts'

/** One window's result. It is stamped `endMs − 1`, its last millisecond. */
export interface WindowResult<K, V> {
  readonly key: K
  /** First millisecond of the window. */
  readonly startMs: number
  /** The first one after it. For a session: `gapMs` after its last record. */
  readonly endMs: number
  readonly value: V
}

/** The result of a window without edges in time (global, count). It carries the time of its last record, if any. */
export interface KeyResult<K, V> {
  readonly key: K
  readonly value: V
}

export interface WindowDefinition {
  readonly keyOf: (record: never) => Key
  readonly aggregate: ErasedAggregate
  readonly options: ResolvedWindowOptions
}

/** Each key has at most one timer of each name. */
export const timerNames = { window: 'window', early: 'early' } as const

/** The parts of an operator context that windows use, with the user's functions guarded. */
export class WindowRuntime {
  readonly step: StepName
  readonly state: KeyedState
  readonly timers: KeyTimers
  readonly accumulation: Accumulation
  readonly context: OperatorContext
  private readonly keyOf: (record: never) => Key
  /** P1: panes are left out. */
  silent = false

  constructor(context: OperatorContext, { keyOf, aggregate }: WindowDefinition) {
    invariant(context.state !== undefined && context.timers !== undefined, 'windows have state and timers')
    this.context = context
    this.step = context.step
    this.state = context.state
    this.timers = context.timers
    this.keyOf = keyOf
    this.accumulation = new Accumulation(context.step, aggregate)
  }

  /** Enters the record's key. */
  enter(record: unknown): Key {
    let key: Key
    try {
      key = this.keyOf(record as never)
    } catch (cause) {
      throw keySelectorThrew(this.step, cause)
    }
    this.state.enter(key)
    return key
  }

  /** P1: what a timer would do, but for the pane that threw. */
  silently(call: () => void): void {
    this.silent = true
    call()
    this.silent = false
  }

  /** One pane of a window in time. */
  emit(key: Key, startMs: number, endMs: number, accumulator: unknown): void {
    if (this.silent) return
    const value = this.accumulation.result(accumulator, key)
    const { time, emit } = this.context
    const beforeMs = time.recordMs
    time.recordMs = endMs - 1
    emit({ key, startMs, endMs, value } satisfies WindowResult<Key, unknown>)
    // The step before this one may emit more for the record in hand.
    time.recordMs = beforeMs
  }

  /** The result of a window without edges in time. */
  emitUntimed(key: Key, accumulator: unknown): void {
    if (this.silent) return
    const value = this.accumulation.result(accumulator, key)
    this.context.emit({ key, value } satisfies KeyResult<Key, unknown>)
  }

  late(record: unknown): void {
    this.context.emitTo('late', record)
  }
}
