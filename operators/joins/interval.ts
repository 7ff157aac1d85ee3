/**
 * Interval join: a left row at `t` meets the right rows of its key from `t − beforeMs` to `t + afterMs`, both
 * included.
 *
 * - I1: each pair is a result once, as soon as its later record is there; its time is the later one's.
 * - I2: a row stays until the watermark says that no partner can come any more; then it is a result alone where the
 *   join's type asks for it and it had no partner. Its time is when that became certain, so that it is not late.
 * - I3: a record that is not newer than the watermark is late: its partners may be gone.
 */
import type { OperatorContext, OperatorDefinition, OperatorInstance } from '../operator.ts'
import type { Timer } from '../state/timers.ts'
import {
  joinDefinition,
  JoinRuntime,
  keeps,
  otherSide,
  type JoinParts,
  type JoinType,
  type Side,
} from './definition.ts'
import { firstFrom, insert, takeUntil, type TimedRow } from './timeline.ts'

export interface IntervalBounds {
  readonly beforeMs: number
  readonly afterMs: number
}

export const intervalJoin = (parts: JoinParts, bounds: IntervalBounds, type: JoinType): OperatorDefinition =>
  joinDefinition('joinInterval', parts, {
    create: (context) => new IntervalJoin(context, parts, bounds, type),
  })

/** Of the one timer that each key has: when the first of its rows is done with. */
const tidyTimer = 'tidy'

class IntervalJoin implements OperatorInstance {
  private readonly runtime: JoinRuntime
  private readonly fn: JoinParts['fn']
  private readonly type: JoinType
  /** How far behind a row of each side the other side's rows may be. */
  private readonly reachMs: Readonly<Record<Side, number>>

  constructor(context: OperatorContext, { keys, fn }: JoinParts, bounds: IntervalBounds, type: JoinType) {
    this.runtime = new JoinRuntime(context, keys)
    this.fn = fn
    this.type = type
    this.reachMs = { left: bounds.afterMs, right: bounds.beforeMs }
  }

  onRecord(record: unknown): void {
    this.take('left', record)
  }

  onSecond(record: unknown): void {
    this.take('right', record)
  }

  onTimer(_key: unknown, { atMs }: Timer): void {
    for (const side of ['left', 'right'] as const) this.letGo(side, atMs)
    this.setTimer()
  }

  pull(): boolean {
    return this.runtime.results.pull()
  }

  discard(): void {
    this.runtime.results.discard()
  }

  private take(side: Side, record: unknown): void {
    const { runtime, reachMs } = this
    runtime.enter(side, record)
    if (runtime.setAsideLate(side, record)) return
    const atMs = runtime.context.time.recordMs
    const other = otherSide(side)
    const partners = runtime.rows(other)
    const from = firstFrom(partners, atMs - reachMs[other])
    const found = partners.slice(from, firstFrom(partners, atMs + reachMs[side] + 1))
    if (keeps(this.type, other)) for (const partner of found) partner[2] = true
    insert(runtime.ownRows(side), [atMs, record, found.length > 0])
    this.setTimer()
    this.emitPairs(side, record, atMs, found)
  }

  private emitPairs(side: Side, record: unknown, atMs: number, found: readonly TimedRow[]): void {
    this.runtime.results.emit(found.length, (index) => {
      const [partnerMs, partner] = found[index] as TimedRow
      const result =
        side === 'left'
          ? this.fn(record as never, partner as never)
          : this.fn(partner as never, record as never)
      return { result, atMs: Math.max(atMs, partnerMs) }
    })
  }

  /** I2 */
  private letGo(side: Side, watermarkMs: number): void {
    const { runtime, reachMs, type } = this
    if (runtime.rows(side).length === 0) return
    const gone = takeUntil(runtime.ownRows(side), watermarkMs - reachMs[side])
    runtime.tidy(side)
    if (!keeps(type, side)) return
    const alone = gone.filter(([, , matched]) => !matched)
    runtime.results.emit(alone.length, (index) => {
      const [atMs, row] = alone[index] as TimedRow
      const result =
        side === 'left'
          ? this.fn(row as never, undefined as never)
          : this.fn(undefined as never, row as never)
      return { result, atMs: Math.max(atMs, atMs + reachMs[side]) }
    })
  }

  private setTimer(): void {
    const { runtime, reachMs } = this
    const doneMs = (side: Side): number => {
      const [first] = runtime.rows(side)
      return first ? first[0] + reachMs[side] : Infinity
    }
    const nextMs = Math.min(doneMs('left'), doneMs('right'))
    if (nextMs < Infinity) runtime.timers.at(tidyTimer, nextMs)
  }
}
