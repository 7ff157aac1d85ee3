/**
 * One scheduler a worker: runs tasklets for a few milliseconds, then yields to the event loop, so that
 * heartbeats and control are never starved.
 */
import type { Clock, Timers } from '../../core/ports/index.ts'

export interface Tasklet {
  /** `progress`: call again soon. Anything else: not before `wake`. */
  step(budget: number): 'progress' | 'idle' | 'blocked' | 'done'
}

export interface SchedulerOptions {
  readonly clock: Clock
  readonly timers: Timers
  /** How long tasklets run before the event loop has its turn. Default 4 ms. */
  readonly sliceMs?: number
  /** Records a step. Default 1024. */
  readonly budget?: number
  /** Told whose turn it is, and undefined when it is over. */
  readonly turn?: ((tasklet: Tasklet | undefined) => void) | undefined
}

/** Steps of one slice: in virtual time the clock alone would never end it. */
const stepsMax = 1024

interface Slot {
  readonly tasklet: Tasklet
  queued: boolean
  removed: boolean
}

export class Scheduler {
  private readonly options: SchedulerOptions
  private readonly sliceMs: number
  private readonly budget: number
  private readonly slots = new Map<Tasklet, Slot>()
  private readonly queue: Slot[] = []
  private scheduled = false

  constructor(options: SchedulerOptions) {
    this.options = options
    this.sliceMs = options.sliceMs ?? 4
    this.budget = options.budget ?? 1024
  }

  add(tasklet: Tasklet): void {
    this.slots.set(tasklet, { tasklet, queued: false, removed: false })
    this.wake(tasklet)
  }

  remove(tasklet: Tasklet): void {
    const slot = this.slots.get(tasklet)
    if (slot) slot.removed = true
    this.slots.delete(tasklet)
  }

  /** The tasklet may have something to do. Cheap, idempotent, and safe from anywhere. */
  wake(tasklet: Tasklet): void {
    const slot = this.slots.get(tasklet)
    if (!slot || slot.queued) return
    slot.queued = true
    this.queue.push(slot)
    this.schedule()
  }

  private schedule(): void {
    if (this.scheduled) return
    this.scheduled = true
    this.options.timers.soon(this.runSlice)
  }

  private readonly runSlice = (): void => {
    const { clock } = this.options
    const endMs = clock.monotonicMs() + this.sliceMs
    let ran = 0
    try {
      // `runOne` puts whoever made progress behind all others.
      for (let slot = this.queue[0]; slot; slot = this.queue[ran]) {
        ran += 1
        this.runOne(slot)
        if (ran === stepsMax || clock.monotonicMs() >= endMs) break
      }
    } finally {
      this.queue.splice(0, ran)
      this.scheduled = false
      if (this.queue.length > 0) this.schedule()
    }
  }

  private runOne(slot: Slot): void {
    slot.queued = false
    if (slot.removed) return
    const { turn } = this.options
    turn?.(slot.tasklet)
    const result = slot.tasklet.step(this.budget)
    turn?.(undefined)
    if (result !== 'progress' || slot.removed || slot.queued) return
    slot.queued = true
    this.queue.push(slot)
  }
}
