/**
 * The watermark of a task behind several links: the lowest of those that still matter.
 *
 * - An ended input holds nothing back, nor does an idle one until its next element; when every input ended, the
 *   watermark is +Infinity; while the others are all idle, it stays and the task is idle too.
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
    this.atMs[input] = Math.max(atMs, this.atMs[input] ?? atMs)
    this.set(input, idle === true ? 'idle' : 'live')
    return this.combine()
  }

  /** Records came: the input is not idle. Called a batch. */
  records(input: number): Watermark | undefined {
    if (this.idleInputs === 0 || this.state[input] !== 'idle') return undefined
    this.set(input, 'live')
    return this.combine()
  }

  end(input: number): Watermark | undefined {
    if (this.isOver(input)) return undefined
    this.set(input, 'ended')
    return this.combine()
  }

  private isOver(input: number): boolean {
    return this.state[input] === 'untimed' || this.state[input] === 'ended'
  }

  private set(input: number, state: 'live' | 'idle' | 'ended'): void {
    if (this.state[input] === 'idle') this.idleInputs -= 1
    if (state === 'idle') this.idleInputs += 1
    this.state[input] = state
  }

  private combine(): Watermark | undefined {
    let lowest = Infinity
    let live = false
    for (let i = 0; i < this.state.length; i += 1) {
      if (this.state[i] !== 'live') continue
      live = true
      lowest = Math.min(lowest, this.atMs[i] ?? lowest)
    }
    const idle = !live && this.idleInputs > 0
    const atMs = idle ? this.nowMs : Math.max(lowest, this.nowMs)
    if (atMs === this.nowMs && idle === this.isIdle) return undefined
    this.nowMs = atMs
    this.isIdle = idle
    return watermark(atMs, idle)
  }
}
