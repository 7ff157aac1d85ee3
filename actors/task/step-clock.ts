/**
 * One step's watermark in one task.
 *
 * - It never goes back.
 * - W1: what it was is in the step's snapshot per key group and floors it after a restore, also where another task
 *   had the group; so a key's watermark is the task's, or its group's floor as long as that is higher.
 */
import type { StepClock } from '../../operators/operator.ts'
import type { KeyedState } from '../../operators/state/keyed-state.ts'

/** Groups [from, to) had seen `atMs`. */
export interface WatermarkFloor {
  readonly from: number
  readonly to: number
  readonly atMs: number
}

export class TaskStepClock implements StepClock {
  readonly nowMs: () => number
  private readonly state: KeyedState | undefined
  private atMs = -Infinity
  /** Of restored groups, by group − the task's first; undefined once the watermark has passed them all. */
  private floors: number[] | undefined
  private floorMaxMs = -Infinity
  private lastFiniteMs = -Infinity

  constructor(nowMs: () => number, state: KeyedState | undefined) {
    this.nowMs = nowMs
    this.state = state
  }

  get watermarkMs(): number {
    return this.floors === undefined ? this.atMs : Math.max(this.atMs, this.floorMs)
  }

  get reachedMs(): number {
    return this.floors === undefined ? this.lastFiniteMs : Math.max(this.lastFiniteMs, this.floorMs)
  }

  /** What is below every key's watermark. */
  get lowestMs(): number {
    return this.atMs
  }

  /** The time of what `onEnd` emits: the earliest that was not late before the end; 0 if there was no watermark. */
  get endMs(): number {
    return this.lastFiniteMs === -Infinity ? 0 : this.lastFiniteMs + 1
  }

  advance(atMs: number): void {
    if (atMs > this.atMs) this.atMs = atMs
    if (this.atMs < Infinity) this.lastFiniteMs = this.atMs
    if (this.lastFiniteMs >= this.floorMaxMs) this.floors = undefined
  }

  /** W1: of the current key's group. */
  private get floorMs(): number {
    if (this.state === undefined) return -Infinity
    return this.floors?.[this.state.currentGroup() - this.state.groups.from] ?? -Infinity
  }

  /** W1; called before anything else. Floors of groups that are other tasks' are ignored. */
  restore(restored: readonly WatermarkFloor[]): void {
    const { from, to } = this.state?.groups ?? { from: 0, to: 0 }
    if (from === to) return
    const floors = new Array<number>(to - from).fill(-Infinity)
    for (const floor of restored) {
      for (let group = Math.max(from, floor.from); group < Math.min(to, floor.to); group += 1) {
        floors[group - from] = Math.max(floors[group - from] ?? -Infinity, floor.atMs)
      }
    }
    this.floors = floors
    this.floorMaxMs = Math.max(...floors)
    this.advance(Math.min(...floors))
  }

  /** For a snapshot: as few ranges as say it; none before the first watermark. */
  snapshot(): readonly WatermarkFloor[] {
    if (this.state === undefined) return []
    const { from, to } = this.state.groups
    const ranges: WatermarkFloor[] = []
    for (let group = from; group < to; group += 1) {
      const atMs = Math.max(this.atMs, this.floors?.[group - from] ?? -Infinity)
      const last = ranges.at(-1)
      if (last?.atMs === atMs) ranges[ranges.length - 1] = { ...last, to: group + 1 }
      else ranges.push({ from: group, to: group + 1, atMs })
    }
    return ranges.filter(({ atMs }) => atMs > -Infinity)
  }
}
