/**
 * `eventTime`: gives each record its event time and makes the watermark that follows them.
 *
 * - A generator a split where the source is in the same task, else one a task. The step's watermark is the lowest
 *   of the splits that are neither idle nor ended, and never goes back. Watermarks from further up mean nothing here.
 * - W1: each split's watermark is in the snapshot and floors it, whichever task reads the split then.
 * - Bounded out-of-orderness, as Flink's `BoundedOutOfOrdernessWatermarks`: highest − latenessMaxMs − 1.
 * - A time that cannot be one is a record error, and moves nothing.
 */
import type { StepName } from '../../core/ids.ts'
import { MillraceError } from '../../core/errors.ts'
import { OperatorError, operatorThrew, rejectPromise } from '../errors.ts'
import type {
  ErrorPolicy,
  OperatorContext,
  OperatorDefinition,
  OperatorInstance,
  SplitRegister,
  UnkeyedSection,
  WatermarkOut,
} from '../operator.ts'
import { IdleSplits } from './idle-splits.ts'

/** Makes one split's watermark from its records. */
export interface WatermarkGenerator<T> {
  onRecord(atMs: number, record: T): void
  /** No record older than or equal to this is to come: ms since 1970, −Infinity for as long as nothing is known. */
  current(): number
}

/** Resolved: see `EventTimeOptions` of the stream. */
export interface EventTimeSettings {
  readonly atMs: (record: never) => number
  readonly generator: () => WatermarkGenerator<never>
  readonly idleMs: number | undefined
  readonly farFutureMs: number
  readonly onAbsurd: ErrorPolicy
}

/** The default generator: records come at most `latenessMaxMs` behind the highest time so far. */
export function boundedLateness(latenessMaxMs: number): WatermarkGenerator<unknown> {
  let highestMs = -Infinity
  return {
    onRecord(atMs) {
      if (atMs > highestMs) highestMs = atMs
    },
    current: () => highestMs - latenessMaxMs - 1,
  }
}

export function eventTimeOperator(settings: EventTimeSettings): OperatorDefinition {
  return {
    kind: 'eventTime',
    onError: settings.onAbsurd,
    inline: { kind: 'tap' },
    eventTime: 'stamps',
    create: (context) => new EventTime(context, settings),
  }
}

interface Lane {
  readonly generator: WatermarkGenerator<never>
  /** W1: what is known of it without the generator. */
  floorMs: number
}

class EventTime implements OperatorInstance {
  readonly unkeyed = {
    snapshot: (): readonly UnkeyedSection[] => this.snapshot(),
    restore: (sections: readonly UnkeyedSection[]): void => this.restore(sections),
  }
  private readonly context: OperatorContext
  private readonly settings: EventTimeSettings
  private readonly splits: Pick<SplitRegister, 'current' | 'ended'>
  private readonly names: readonly string[] | undefined
  private readonly lanes: readonly Lane[]
  private readonly idle: IdleSplits | undefined
  /** Times beyond it are looked at twice: it follows the clock only when it must. */
  private absurdAfterMs = -Infinity
  private atMs = -Infinity

  constructor(context: OperatorContext, settings: EventTimeSettings) {
    this.context = context
    this.settings = settings
    // Without a source in this task everything is one split, which is looked at whenever the task runs.
    const splits = context.splits ?? { splits: [''], current: 0, visits: [0], ended: [false] }
    this.splits = splits
    this.names = context.splits?.splits
    this.lanes = splits.splits.map(() => ({ generator: settings.generator(), floorMs: -Infinity }))
    const { idleMs } = settings
    if (idleMs !== undefined) {
      const { ports, wake } = context
      this.visits = context.splits ? undefined : splits.visits
      this.idle = new IdleSplits({ idleMs, ports, wake, visits: splits.visits, ended: splits.ended })
    }
  }

  /** Where this step has to count for itself how often it was looked. */
  private readonly visits: number[] | undefined

  onRecord(record: unknown): void {
    this.tap(record)
    this.context.emit(record)
  }

  tap(record: unknown): void {
    const atMs = this.timeOf(record)
    const { current } = this.splits
    this.context.time.recordMs = atMs
    ;(this.lanes[current] as Lane).generator.onRecord(atMs, record as never)
    if (this.idle) this.idle.records[current] = (this.idle.records[current] ?? 0) + 1
  }

  watermarkOut(inMs: number): WatermarkOut {
    if (inMs === Infinity) return { atMs: Infinity, idle: false }
    if (this.visits) this.visits[0] = (this.visits[0] ?? 0) + 1
    this.idle?.look()
    let lowest = Infinity
    let endedMs = -Infinity
    let quiet = false
    for (let i = 0; i < this.lanes.length; i += 1) {
      const lane = this.lanes[i] as Lane
      if (this.splits.ended[i]) endedMs = Math.max(endedMs, this.laneMs(lane))
      else if (this.idle?.isIdle(i)) quiet = true
      else lowest = Math.min(lowest, this.laneMs(lane))
    }
    // No live split: what the ended ones knew last holds, as if the others had become quiet or ended before them.
    // Not +Infinity when all ended: the steps before this one may have something to say at their end.
    this.atMs = Math.max(this.atMs, lowest === Infinity ? endedMs : lowest)
    return { atMs: this.atMs, idle: lowest === Infinity && quiet }
  }

  close(): void {
    this.idle?.close()
  }

  private timeOf(record: unknown): number {
    let atMs: number
    try {
      atMs = this.settings.atMs(record as never)
    } catch (cause) {
      throw operatorThrew(this.context.step, cause)
    }
    if (Number.isSafeInteger(atMs) && (atMs <= this.absurdAfterMs || this.isNear(atMs))) return atMs
    rejectPromise(this.context.step, atMs)
    throw absurd(this.context.step, atMs, this.absurdAfterMs)
  }

  private isNear(atMs: number): boolean {
    this.absurdAfterMs = this.context.clock.nowMs() + this.settings.farFutureMs
    return atMs <= this.absurdAfterMs
  }

  private laneMs(lane: Lane): number {
    const atMs = lane.generator.current()
    if (!(atMs < Infinity)) throw generatorIllegal(this.context.step, atMs)
    return Math.max(lane.floorMs, atMs)
  }

  private snapshot(): readonly UnkeyedSection[] {
    const { names } = this
    return this.lanes.flatMap((lane, i): UnkeyedSection[] => {
      const split = names?.[i]
      const watermarkMs = this.laneMs(lane)
      if (watermarkMs === -Infinity) return []
      return [
        { scope: split === undefined ? { kind: 'list' } : { kind: 'split', split }, value: { watermarkMs } },
      ]
    })
  }

  private restore(sections: readonly UnkeyedSection[]): void {
    const known = sections.map(({ scope, value }) => ({ scope, ...(value as { watermarkMs: number }) }))
    // What belongs to no split of this task was another arrangement's: the lowest of it holds for what is new.
    const loose = known.filter(({ scope }) => scope.kind === 'list' || this.names === undefined)
    const looseMs = Math.min(...loose.map(({ watermarkMs }) => watermarkMs))
    this.lanes.forEach((lane, i) => {
      const own = known.find(({ scope }) => scope.kind === 'split' && scope.split === this.names?.[i])
      lane.floorMs = own?.watermarkMs ?? (looseMs < Infinity ? looseMs : -Infinity)
    })
  }
}

function absurd(step: StepName, atMs: unknown, latestMs: number): OperatorError {
  return new OperatorError(
    'EVENT_TIME_ABSURD',
    `'${step}' expected a record's time in whole milliseconds since 1970, not after ${latestMs} (farFutureMs beyond the clock), found ${String(atMs)}; mend atMs, or set onAbsurd to 'skip' or 'dead-letter'`,
    { retry: 'record', details: { step, found: String(atMs), latestMs } },
  )
}

function generatorIllegal(step: StepName, atMs: unknown): MillraceError {
  return new MillraceError(
    'WATERMARK_ILLEGAL',
    `the watermark generator of '${step}' must answer a time in ms or −Infinity, got ${String(atMs)}`,
    { retry: 'fatal', details: { step } },
  )
}
