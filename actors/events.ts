/** What a job tells the world, as it happens. The command line prints these with `--json`. */
import type { LateDropped } from './late-dropped.ts'
import type { CheckpointId, StepName, TaskId, WorkerId } from '../core/ids.ts'

export type JobEvent = { readonly atMs: number } & JobEventBody

export type JobEventBody =
  | {
      readonly event: 'job.started'
      readonly job: string
      readonly term: number
      readonly transport: 'memory' | 'nats'
      readonly workers: number
      readonly parallelism: number
      readonly tasks: number
    }
  | { readonly event: 'worker.started'; readonly worker: WorkerId; readonly pid: number }
  | {
      readonly event: 'worker.lost'
      readonly worker: WorkerId
      readonly pid: number
      readonly reason: string
    }
  | {
      readonly event: 'task.failed'
      readonly task: TaskId | null
      readonly step: string | null
      readonly code: string
      readonly message: string
    }
  | {
      readonly event: 'job.restarting'
      readonly epoch: string
      readonly delayMs: number
      /** Of what failed, and its message. */
      readonly code: string
      readonly reason: string
    }
  | {
      readonly event: 'job.restored'
      readonly checkpoint: CheckpointId | null
      readonly epoch: string
      readonly recoveryMs: number | null
    }
  | {
      readonly event: 'checkpoint.completed'
      readonly id: CheckpointId
      readonly durationMs: number
      readonly bytes: number
      /** C4: its barriers overtook what waited between tasks, which is `channelBytes` of `bytes`. */
      readonly unaligned: boolean
      readonly channelBytes: number
      readonly savepoint: boolean
      readonly final: boolean
    }
  | {
      readonly event: 'checkpoint.failed'
      readonly id: CheckpointId
      readonly code: string
      readonly message: string
    }
  | { readonly event: 'job.progress'; readonly records: number }
  | {
      readonly event: 'job.guarantee'
      readonly sink: StepName
      readonly guarantee: string
      readonly because: readonly string[]
    }
  /** Something that works and may still go wrong, such as state that grows for ever. */
  | {
      readonly event: 'job.warning'
      readonly step: StepName
      readonly code: string
      readonly message: string
    }
  /** The embedded server, at the job's start and after each `nats.lost`. */
  | { readonly event: 'nats.started'; readonly pid: number; readonly url: string }
  | { readonly event: 'nats.lost'; readonly pid: number; readonly reason: string }
  | {
      readonly event: 'job.finished'
      readonly records: number
      readonly restarts: number
      readonly checkpoints: number
      /** Late records that were given up, by step. */
      readonly lateDropped: LateDropped
    }
  | { readonly event: 'job.stopped'; readonly checkpoint: CheckpointId | null; readonly savepoint: boolean }
  | { readonly event: 'job.failed'; readonly code: string; readonly message: string }

/** Fans events out to any number of async readers; each sees all of them from the start. */
export class EventLog {
  private readonly events: JobEvent[] = []
  private waiting: (() => void)[] = []
  private closed = false
  private dropped = 0
  private readonly wallMs: () => number

  constructor(wallMs: () => number) {
    this.wallMs = wallMs
  }

  emit(body: JobEventBody): void {
    this.events.push({ ...body, atMs: Math.round(this.wallMs()) })
    if (this.events.length > eventsKeptMax) {
      this.events.splice(0, eventsKeptMax / 2)
      this.dropped += eventsKeptMax / 2
    }
    this.wakeReaders()
  }

  close(): void {
    this.closed = true
    this.wakeReaders()
  }

  async *read(): AsyncIterableIterator<JobEvent> {
    for (let next = 0; ;) {
      next = Math.max(next, this.dropped)
      const event = this.events[next - this.dropped]
      if (event) {
        next += 1
        yield event
      } else if (this.closed) return
      else await new Promise<void>((resolve) => this.waiting.push(resolve))
    }
  }

  private wakeReaders(): void {
    const { waiting } = this
    this.waiting = []
    for (const wake of waiting) wake()
  }
}

/** A slow or late reader misses what is older: events are for watching, the job log is the truth. */
const eventsKeptMax = 20_000
