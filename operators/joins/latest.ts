/**
 * Join with the latest version: a left row at `t` meets the newest right row of its key that is not newer than `t`
 * (the event-time temporal join of Flink; versions as in temporal tables).
 *
 * - L1: left rows wait until the watermark has reached them, so the answer does not depend on the order of arrival.
 *   Results have the left row's time.
 * - L2: of right rows of one time the one that came last counts. A right row that comes late counts for the left
 *   rows that have not been answered.
 * - L3: a version goes when a newer one is valid for every left row to come, or after `ttlMs`.
 * - L4: by arrival there is no time: a left row meets the right row that came last, at once.
 */
import type { OperatorContext, OperatorDefinition, OperatorInstance } from '../operator.ts'
import type { Timer } from '../state/timers.ts'
import { joinDefinition, JoinRuntime, type JoinParts } from './definition.ts'
import { firstFrom, insert, takeUntil, type TimedRow } from './timeline.ts'

export interface LatestOptions {
  readonly type: 'inner' | 'left'
  readonly by: 'event-time' | 'arrival'
  /** How long a version is valid, ms; Infinity: until the next one. */
  readonly ttlMs: number
}

export const latestJoin = (parts: JoinParts, options: LatestOptions): OperatorDefinition => ({
  ...definitionOf(parts, options),
  ...(options.ttlMs === Infinity && {
    unbounded: 'it keeps the newest version of every key for ever; pass ttlMs, if versions become invalid',
  }),
})

const definitionOf = (parts: JoinParts, options: LatestOptions): OperatorDefinition =>
  options.by === 'arrival'
    ? joinDefinition('joinLatest', parts, {
        eventTime: false,
        create: (context) => new ArrivalJoin(context, parts, options),
      })
    : joinDefinition('joinLatest', parts, { create: (context) => new LatestJoin(context, parts, options) })

const joinTimer = 'join'
const forgetTimer = 'forget'

class LatestJoin implements OperatorInstance {
  private readonly runtime: JoinRuntime
  private readonly fn: JoinParts['fn']
  private readonly options: LatestOptions

  constructor(context: OperatorContext, { keys, fn }: JoinParts, options: LatestOptions) {
    this.runtime = new JoinRuntime(context, keys)
    this.fn = fn
    this.options = options
  }

  onRecord(record: unknown): void {
    const { runtime } = this
    runtime.enter('left', record)
    if (runtime.setAsideLate('left', record)) return
    const waiting = runtime.ownRows('left')
    insert(waiting, [runtime.context.time.recordMs, record, false])
    runtime.timers.at(joinTimer, (waiting[0] as TimedRow)[0])
  }

  onSecond(record: unknown): void {
    const { runtime } = this
    runtime.enter('right', record)
    insert(runtime.ownRows('right'), [runtime.context.time.recordMs, record, false])
    this.forget(runtime.context.clock.watermarkMs)
  }

  onTimer(_key: unknown, { name, atMs }: Timer): void {
    if (name === joinTimer) this.answer(atMs)
    this.forget(atMs)
  }

  pull(): boolean {
    return this.runtime.results.pull()
  }

  discard(): void {
    this.runtime.results.discard()
  }

  /** L1 */
  private answer(watermarkMs: number): void {
    const { runtime, options } = this
    const waiting = runtime.ownRows('left')
    const pairs = takeUntil(waiting, watermarkMs).map((left) => [left, this.versionAt(left[0])] as const)
    const [next] = waiting
    if (next) runtime.timers.at(joinTimer, next[0])
    runtime.tidy('left')
    const results = options.type === 'left' ? pairs : pairs.filter(([, version]) => version !== undefined)
    runtime.results.emit(results.length, (index) => {
      const [[atMs, left], version] = results[index] as (typeof results)[number]
      return { result: this.fn(left as never, version?.[1] as never), atMs }
    })
  }

  private versionAt(atMs: number): TimedRow | undefined {
    const versions = this.runtime.rows('right')
    const version = versions[firstFrom(versions, atMs + 1) - 1]
    return version && atMs - version[0] < this.options.ttlMs ? version : undefined
  }

  /** L3 */
  private forget(watermarkMs: number): void {
    const { runtime, options } = this
    const versions = runtime.rows('right')
    if (versions.length === 0) return
    const superseded = firstFrom(versions, watermarkMs + 1) - 1
    if (superseded > 0) versions.splice(0, superseded)
    // A version is valid up to the millisecond before; a row of that time may be waiting still.
    takeUntil(versions, watermarkMs - options.ttlMs)
    const [oldest] = versions
    if (oldest && options.ttlMs < Infinity) {
      runtime.timers.at(forgetTimer, oldest[0] + options.ttlMs)
    }
    runtime.tidy('right')
  }
}

/** L4 */
class ArrivalJoin implements OperatorInstance {
  private readonly runtime: JoinRuntime
  private readonly fn: JoinParts['fn']
  private readonly options: LatestOptions

  constructor(context: OperatorContext, { keys, fn }: JoinParts, options: LatestOptions) {
    this.runtime = new JoinRuntime(context, keys)
    this.fn = fn
    this.options = options
  }

  onRecord(record: unknown): void {
    const { runtime, options } = this
    runtime.enter('left', record)
    const { time, clock } = runtime.context
    const [version] = runtime.rows('right')
    const valid = version !== undefined && clock.nowMs() - version[0] < options.ttlMs
    if (!valid && options.type === 'inner') return
    const right = valid ? version[1] : undefined
    runtime.results.emit(1, () => ({ result: this.fn(record as never, right as never), atMs: time.recordMs }))
  }

  onSecond(record: unknown): void {
    const { runtime, options } = this
    runtime.enter('right', record)
    const nowMs = runtime.context.clock.nowMs()
    const versions = runtime.ownRows('right')
    versions[0] = [nowMs, record, false]
    if (options.ttlMs < Infinity) runtime.timers.atClock(forgetTimer, Math.ceil(nowMs + options.ttlMs))
  }

  onTimer(): void {
    this.runtime.ownRows('right').length = 0
    this.runtime.tidy('right')
  }
}
