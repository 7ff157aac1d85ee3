/**
 * `match`: the matches of a pattern over each key's records, in the order of their event times.
 *
 * - M1: records wait until the watermark has reached them, so matches do not depend on the order of arrival; among
 *   records of one time the order of arrival decides.
 * - M2: a match has the time of its last record.
 * - M3: an attempt goes when `withinMs` has passed; attempts without it stay.
 * - M4: a record that is not newer than the watermark is late.
 */
import { invariant } from '../../core/invariant.ts'
import type { Key } from '../../core/keys/index.ts'
import { limits } from '../../core/limits.ts'
import { keySelectorThrew, OperatorError, operatorThrew } from '../errors.ts'
import { Results } from '../joins/results.ts'
import { insert, takeUntil, type TimedRow, type Timeline } from '../joins/timeline.ts'
import type { ErrorPolicy, OperatorContext, OperatorDefinition, OperatorInstance } from '../operator.ts'
import { cell, stateSchema, type Cell } from '../state/schema.ts'
import type { KeyTimers } from '../state/timers.ts'
import type { KeyedState } from '../state/keyed-state.ts'
import type { OperatorOptions } from '../stream-options.ts'
import { advance, named, type Attempt, type Automaton, type SkipStrategy } from './attempts.ts'

export interface MatchOptions extends OperatorOptions {
  /**
   * `none` (default): all attempts go on, so a record may be in several matches. `past-last`: after a match the next
   * one begins behind its last record.
   */
  readonly skip?: SkipStrategy
}

export interface MatchParts {
  readonly keyOf: (record: never) => Key
  readonly automaton: Automaton
  readonly fn: (match: never, key: never) => unknown
  readonly onError: ErrorPolicy
}

export const matchOperator = (parts: MatchParts): OperatorDefinition => ({
  kind: 'match',
  onError: parts.onError,
  eventTime: 'needs',
  ...(parts.automaton.withinMs === Infinity && {
    unbounded: 'its attempts wait for ever for their next record; give the pattern .within(ms)',
  }),
  outputs: ['late'],
  keyed: {
    keyOf: parts.keyOf,
    state: stateSchema({ attempts: cell<Attempt[]>(), waiting: cell<Timeline>() }, { timers: true }),
  },
  create: (context) => new PatternMatch(context, parts),
})

const matchTimer = 'match'
const expiryTimer = 'expiry'

class PatternMatch implements OperatorInstance {
  private readonly context: OperatorContext
  private readonly parts: MatchParts
  private readonly state: KeyedState
  private readonly timers: KeyTimers
  private readonly results: Results
  private readonly attempts: Cell<Attempt[] | undefined>
  private readonly waiting: Cell<Timeline | undefined>

  constructor(context: OperatorContext, parts: MatchParts) {
    invariant(context.state !== undefined && context.timers !== undefined, 'a match has state and timers')
    this.context = context
    this.parts = parts
    this.state = context.state
    this.timers = context.timers
    this.results = new Results(context)
    this.attempts = context.state.cells.attempts as Cell<Attempt[] | undefined>
    this.waiting = context.state.cells.waiting as Cell<Timeline | undefined>
  }

  onRecord(record: unknown): void {
    this.enter(record)
    const { time, clock, emitTo } = this.context
    if (time.recordMs <= clock.watermarkMs) {
      emitTo('late', record)
      return
    }
    const waiting = this.waiting.get() ?? []
    insert(waiting, [time.recordMs, record, false])
    this.waiting.set(waiting)
    this.timers.at(matchTimer, (waiting[0] as TimedRow)[0])
  }

  onTimer(key: Key, { name, atMs }: { readonly name: string; readonly atMs: number }): void {
    if (name === matchTimer) this.takeRecords(key, atMs)
    this.expire(atMs)
  }

  pull(): boolean {
    return this.results.pull()
  }

  discard(): void {
    this.results.discard()
  }

  private enter(record: unknown): void {
    let key: Key
    try {
      key = this.parts.keyOf(record as never)
    } catch (cause) {
      throw keySelectorThrew(this.context.step, cause)
    }
    this.state.enter(key)
  }

  /** M1 */
  private takeRecords(key: Key, watermarkMs: number): void {
    const { automaton, fn } = this.parts
    const waiting = this.waiting.get() ?? []
    const found: { readonly records: readonly unknown[]; readonly atMs: number }[] = []
    let attempts = this.attempts.get() ?? []
    for (const [atMs, record] of takeUntil(waiting, watermarkMs)) {
      const step = this.advance(attempts, record, atMs)
      attempts = step.attempts
      for (const records of step.matches) found.push({ records, atMs })
      if (attempts.length > limits.patternAttemptsMax) throw this.tooMany()
    }
    this.attempts.set(attempts.length > 0 ? attempts : undefined)
    if (waiting[0]) this.timers.at(matchTimer, waiting[0][0])
    else this.waiting.clear()
    this.results.emit(found.length, (index) => {
      const { records, atMs } = found[index] as (typeof found)[number]
      return { result: fn(named(automaton.stages, records) as never, key as never), atMs }
    })
  }

  private advance(attempts: Attempt[], record: unknown, atMs: number): ReturnType<typeof advance> {
    try {
      return advance(this.parts.automaton, attempts, record, atMs)
    } catch (cause) {
      throw operatorThrew(this.context.step, cause)
    }
  }

  /** M3 */
  private expire(watermarkMs: number): void {
    const { withinMs } = this.parts.automaton
    if (withinMs === Infinity) return
    const left = (this.attempts.get() ?? []).filter(
      // The last moment counts: a record of that time may be waiting still.
      ([startMs]) => startMs + withinMs >= watermarkMs,
    )
    this.attempts.set(left.length > 0 ? left : undefined)
    const [oldest] = left
    if (oldest) this.timers.at(expiryTimer, oldest[0] + withinMs + 1)
  }

  private tooMany(): OperatorError {
    return new OperatorError(
      'PATTERN_ATTEMPTS',
      `'${this.context.step}' has more than ${limits.patternAttemptsMax} attempts at its pattern under way for one key; make the first condition narrower, or pass skip: 'past-last' or a shorter .within`,
      { retry: 'fatal', details: { step: this.context.step } },
    )
  }
}
