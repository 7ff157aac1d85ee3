/**
 * Which of a source's splits have gone quiet.
 *
 * - A split is idle when none of its records came through for `idleMs` while the source looked for some: time
 *   in which the task could not look (its outputs were full, its process stood still) does not count. It is idle no
 *   more with its next record.
 * - A late tick counts as two at most: it is this side's own delay.
 */
import type { Clock, Timers } from '../../core/ports/index.ts'

export interface IdleOptions {
  readonly idleMs: number
  readonly ports: { readonly clock: Clock; readonly timers: Timers }
  /** Per split: how often the source has looked. */
  readonly visits: readonly number[]
  readonly ended: readonly boolean[]
  readonly wake: () => void
}

interface Quiet {
  idle: boolean
  /** Records that came through by the last look. */
  seen: number
  visited: number
  silentMs: number
}

/** How often in `idleMs` is looked. */
const ticks = 4

export class IdleSplits {
  /** Per split: records that came through. Counted by the owner. */
  readonly records: number[]
  private readonly options: IdleOptions
  private readonly quiet: readonly Quiet[]
  private readonly tickMs: number
  private due = false
  private tickedMs: number
  private disarm: (() => void) | undefined

  constructor(options: IdleOptions) {
    this.options = options
    this.records = options.visits.map(() => 0)
    this.quiet = options.visits.map((visited) => ({ idle: false, seen: 0, visited, silentMs: 0 }))
    this.tickMs = Math.max(1, Math.ceil(options.idleMs / ticks))
    this.tickedMs = options.ports.clock.monotonicMs()
  }

  /** Between batches: looks at what came since, and at the clock when it is time. */
  look(): void {
    const elapsedMs = this.due ? this.elapsed() : 0
    let waiting = false
    for (let i = 0; i < this.quiet.length; i += 1) {
      if (this.options.ended[i]) continue
      const split = this.quiet[i] as Quiet
      this.judge(split, i, elapsedMs)
      waiting ||= !split.idle
    }
    if (waiting && !this.disarm) this.arm()
  }

  isIdle(split: number): boolean {
    return this.quiet[split]?.idle === true
  }

  close(): void {
    this.disarm?.()
    this.disarm = undefined
  }

  private judge(split: Quiet, i: number, elapsedMs: number): void {
    const seen = this.records[i] ?? 0
    const visited = this.options.visits[i] ?? 0
    if (seen !== split.seen) {
      split.seen = seen
      split.silentMs = 0
      split.idle = false
    } else if (elapsedMs > 0 && visited > split.visited) {
      split.silentMs += elapsedMs
      if (split.silentMs >= this.options.idleMs) split.idle = true
    }
    if (elapsedMs > 0) split.visited = visited
  }

  private elapsed(): number {
    const nowMs = this.options.ports.clock.monotonicMs()
    const elapsedMs = Math.min(nowMs - this.tickedMs, 2 * this.tickMs)
    this.due = false
    this.tickedMs = nowMs
    return elapsedMs
  }

  private arm(): void {
    const { ports, wake } = this.options
    this.tickedMs = ports.clock.monotonicMs()
    this.disarm = ports.timers.after(this.tickMs, () => {
      this.disarm = undefined
      this.due = true
      wake()
    })
  }
}
