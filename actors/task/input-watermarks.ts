/**
 * The watermark of a task behind several links: the lowest of those that still matter.
 *
 * - An ended input holds nothing back, nor does an idle one until its next element; when every input ended, the
 *   watermark is +Infinity; while the others are all idle, it stays and the task is idle too.
 * - What an input said before it ended or became idle holds: no idle input takes back what an ended one knew.
 * - It never goes back: an input that returns with a lower one holds it where it is.
 * - Links without event time have no say.
 */
import { watermark, type Watermark } from '../../core/elements.ts'

export class InputWatermarks {
  private readonly atMs: number[]
  private readonly state: ('live' | 'idle' | 'ended' | 'untimed')[]
  private idleInputs = 0
  private nowMs = -Infinity
  private isIdle = false

  constructor(timed: readonly boolean[]) {
    this.atMs = timed.map(() => -Infinity)
    this.state = timed.map((has) => (has ? 'live' : 'untimed'))
  }

  /** The task's watermark where it changed by that. */
  watermark(input: number, { atMs, idle }: Watermark): Watermark | undefined {
    if (this.isOver(input)) return undefined
    const risen = atMs > (this.atMs[input] ?? atMs)
    this.atMs[input] = Math.max(atMs, this.atMs[input] ?? atMs)
    const before = { atMs: this.nowMs, idle: this.isIdle }
    if (risen) this.set(input, 'live')
    if (risen) this.combine()
    this.set(input, idle === true ? 'idle' : 'live')
    this.combine()
    return this.changedSince(before)
  }

  /** Records came: the input is not idle. Called a batch. */
  records(input: number): Watermark | undefined {
    if (this.idleInputs === 0 || this.state[input] !== 'idle') return undefined
    return this.become(input, 'live')
  }

  end(input: number): Watermark | undefined {
    if (this.isOver(input)) return undefined
    return this.become(input, 'ended')
  }

  /** In place of the last input's `end`: what is known, if it is more, before all is over. */
  last(input: number): Watermark | undefined {
    if (!this.isOver(input)) this.set(input, 'ended')
    const atMs = this.highestEnded()
    if (atMs <= this.nowMs) return undefined
    this.nowMs = atMs
    return watermark(atMs, false)
  }

  private become(input: number, state: 'live' | 'ended'): Watermark | undefined {
    const before = { atMs: this.nowMs, idle: this.isIdle }
    this.set(input, state)
    this.combine()
    return this.changedSince(before)
  }

  private isOver(input: number): boolean {
    return this.state[input] === 'untimed' || this.state[input] === 'ended'
  }

  private set(input: number, state: 'live' | 'idle' | 'ended'): void {
    if (this.state[input] === 'idle') this.idleInputs -= 1
    if (state === 'idle') this.idleInputs += 1
    this.state[input] = state
  }

  private combine(): void {
    let lowest = Infinity
    let live = false
    for (let i = 0; i < this.state.length; i += 1) {
      if (this.state[i] !== 'live') continue
      live = true
      lowest = Math.min(lowest, this.atMs[i] ?? lowest)
    }
    this.isIdle = !live && this.idleInputs > 0
    this.nowMs = Math.max(this.nowMs, this.isIdle ? this.highestEnded() : lowest)
  }

  private highestEnded(): number {
    return Math.max(-Infinity, ...this.atMs.filter((_, i) => this.state[i] === 'ended'))
  }

  private changedSince(before: { readonly atMs: number; readonly idle: boolean }): Watermark | undefined {
    if (this.nowMs === before.atMs && this.isIdle === before.idle) return undefined
    return watermark(this.nowMs, this.isIdle)
  }
}
