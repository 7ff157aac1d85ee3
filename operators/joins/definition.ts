/** What every join of two keyed streams is made of. */
import { invariant } from '../../core/invariant.ts'
import type { Key } from '../../core/keys/index.ts'
import { keySelectorThrew } from '../errors.ts'
import type { ErrorPolicy, OperatorContext, OperatorDefinition } from '../operator.ts'
import type { KeyedState } from '../state/keyed-state.ts'
import { cell, stateSchema, type Cell } from '../state/schema.ts'
import type { KeyTimers } from '../state/timers.ts'
import type { CoKeys } from '../steps/co-process.ts'
import { Results } from './results.ts'
import type { Timeline } from './timeline.ts'

/**
 * Which rows without a partner are results too: none (`inner`), those of the left stream, of the right, or of both
 * (`full`). What is missing is undefined.
 */
export type JoinType = 'inner' | 'left' | 'right' | 'full'

export type JoinFn<L, R, Out, Type extends JoinType> = (
  left: Type extends 'right' | 'full' ? L | undefined : L,
  right: Type extends 'left' | 'full' ? R | undefined : R,
) => Out

/** The function as the engine calls it. */
export type ErasedJoinFn = (left: never, right: never) => unknown

export type Side = 'left' | 'right'
export const otherSide = (side: Side): Side => (side === 'left' ? 'right' : 'left')

/** A record that came too late to be joined, as `.late` of the results carries it. */
export interface LateJoinRecord<L, R> {
  readonly side: Side
  readonly record: L | R
}

export interface JoinParts {
  readonly keys: CoKeys
  readonly onError: ErrorPolicy
  readonly fn: ErasedJoinFn
}

/** True when rows of `side` that met nobody are results. */
export const keeps = (type: JoinType, side: Side): boolean => type === side || type === 'full'

/** A join's definition: both sides' rows in state, timers to clean them, and late records set aside. */
export function joinDefinition(
  kind: string,
  { keys, onError }: Omit<JoinParts, 'fn'>,
  {
    create,
    eventTime = true,
  }: { readonly create: OperatorDefinition['create']; readonly eventTime?: boolean },
): OperatorDefinition {
  return {
    kind,
    onError,
    ...(eventTime && { eventTime: 'needs' as const, outputs: ['late'] as const }),
    keyed: {
      keyOf: keys.left,
      secondKeyOf: keys.right,
      state: stateSchema({ left: cell<Timeline>(), right: cell<Timeline>() }, { timers: true }),
    },
    create,
  }
}

/** The parts of an operator context that joins use. */
export class JoinRuntime {
  readonly context: OperatorContext
  readonly state: KeyedState
  readonly timers: KeyTimers
  readonly results: Results
  private readonly keys: CoKeys

  constructor(context: OperatorContext, keys: CoKeys) {
    invariant(context.state !== undefined && context.timers !== undefined, 'a join has state and timers')
    this.context = context
    this.state = context.state
    this.timers = context.timers
    this.results = new Results(context)
    this.keys = keys
  }

  /** Enters the record's key. */
  enter(side: Side, record: unknown): void {
    let key: Key
    try {
      key = this.keys[side](record as never)
    } catch (cause) {
      throw keySelectorThrew(this.context.step, cause)
    }
    this.state.enter(key)
  }

  /** The current key's rows of one side; empty where there are none, and then not to be changed. */
  rows(side: Side): Timeline {
    return this.cellOf(side).get() ?? none
  }

  /** The same, to be changed. */
  ownRows(side: Side): Timeline {
    const found = this.cellOf(side).get()
    if (found) return found
    const made: Timeline = []
    this.cellOf(side).set(made)
    return made
  }

  /** Lets go of a side that has no rows any more. */
  tidy(side: Side): void {
    if (this.rows(side).length === 0) this.cellOf(side).clear()
  }

  /** True when the record in hand is not newer than the watermark of its key; it is set aside. */
  setAsideLate(side: Side, record: unknown): boolean {
    const { time, clock } = this.context
    if (time.recordMs > clock.watermarkMs) return false
    this.late(side, record)
    return true
  }

  late(side: Side, record: unknown): void {
    this.context.emitTo('late', { side, record })
  }

  private cellOf(side: Side): Cell<Timeline | undefined> {
    return this.state.cells[side] as Cell<Timeline | undefined>
  }
}

const none: Timeline = []
Object.freeze(none)
