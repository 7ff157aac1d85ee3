/**
 * `dedupe`: of the records of one key, only those that come at least `withinMs` apart.
 *
 * - D1: a record passes unless one of its key passed whose time is less than `withinMs` away, earlier or later. The
 *   first to come wins.
 * - D2: a time is forgotten when no record on time can be that near to it.
 * - D3: by event time a record that is not newer than the watermark is late: what passed near it may be forgotten.
 */
import { invariant } from '../../core/invariant.ts'
import type { Key } from '../../core/keys/index.ts'
import { keySelectorThrew } from '../errors.ts'
import type { ErrorPolicy, OperatorContext, OperatorDefinition, OperatorInstance } from '../operator.ts'
import type { OperatorOptions } from '../stream-options.ts'
import { cell, stateSchema, type Cell } from '../state/schema.ts'

export interface DedupeOptions extends OperatorOptions {
  /** Records of one key less far apart than this are repetitions, ms. */
  readonly withinMs: number
  /** Default: `event` where the stream has event time. */
  readonly time?: 'event' | 'clock'
}

export interface DedupeParts {
  readonly keyOf: (record: never) => Key
  readonly withinMs: number
  readonly time: 'event' | 'clock'
  readonly onError: ErrorPolicy
}

export const dedupeOperator = (parts: DedupeParts): OperatorDefinition => ({
  kind: 'dedupe',
  onError: parts.onError,
  ...(parts.time === 'event' && { eventTime: 'needs' as const, outputs: ['late'] as const }),
  keyed: {
    keyOf: parts.keyOf,
    state: stateSchema({ passed: cell<number[]>() }, { timers: true }),
  },
  create: (context) => new Dedupe(context, parts),
})

/** Of the one timer that each key has: when its oldest time is forgotten. */
const forgetTimer = 'forget'

class Dedupe implements OperatorInstance {
  private readonly context: OperatorContext
  private readonly parts: DedupeParts
  /** When records passed, oldest first. */
  private readonly passed: Cell<number[] | undefined>

  constructor(context: OperatorContext, parts: DedupeParts) {
    invariant(context.state !== undefined && context.timers !== undefined, 'dedupe has state and timers')
    this.context = context
    this.parts = parts
    this.passed = context.state.cells.passed as Cell<number[] | undefined>
  }

  onRecord(record: unknown): void {
    this.enter(record)
    const { context, parts } = this
    const event = parts.time === 'event'
    const atMs = event ? context.time.recordMs : context.clock.nowMs()
    if (event && atMs <= context.clock.watermarkMs) {
      context.emitTo('late', record)
      return
    }
    const passed = this.passed.get() ?? []
    if (passed.some((ms) => Math.abs(ms - atMs) < parts.withinMs)) return
    const newer = passed.findIndex((ms) => ms > atMs)
    passed.splice(newer === -1 ? passed.length : newer, 0, atMs)
    this.passed.set(passed)
    this.setTimer(passed)
    context.emit(record)
  }

  /** D2 */
  onTimer(_key: unknown, { atMs }: { readonly atMs: number }): void {
    const { time, withinMs } = this.parts
    const untilMs = time === 'event' ? atMs + 1 - withinMs : atMs - withinMs
    const passed = (this.passed.get() ?? []).filter((ms) => ms > untilMs)
    this.passed.set(passed.length > 0 ? passed : undefined)
    this.setTimer(passed)
  }

  private setTimer([oldest]: readonly number[]): void {
    const { timers } = this.context
    if (oldest === undefined) return
    const { time, withinMs } = this.parts
    if (time === 'event') timers?.at(forgetTimer, oldest + withinMs - 1)
    else timers?.atClock(forgetTimer, Math.ceil(oldest + withinMs))
  }

  private enter(record: unknown): void {
    let key: Key
    try {
      key = this.parts.keyOf(record as never)
    } catch (cause) {
      throw keySelectorThrew(this.context.step, cause)
    }
    this.context.state?.enter(key)
  }
}
