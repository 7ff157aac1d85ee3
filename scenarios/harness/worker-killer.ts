/** Carries a kill plan out: `kill -9` of worker processes that the job's events name. */
import type { JobEvent } from '../../index.ts'
import type { PlannedKill } from './kill-plan.ts'

export interface Killed {
  readonly worker: string
  readonly pid: number
}

type JobState = 'starting' | 'running' | 'dying' | 'restarting' | 'over'

export class WorkerKiller {
  private readonly plan: readonly PlannedKill[]
  private readonly told: (killed: Killed) => void
  private readonly workers = new Map<string, number>()
  private landed = 0
  private state: JobState = 'starting'
  private records = 0
  private timer: NodeJS.Timeout | undefined

  constructor(plan: readonly PlannedKill[], told: (killed: Killed) => void) {
    this.plan = plan
    this.told = told
  }

  /** Kills that hit a living worker. */
  get kills(): number {
    return this.landed
  }

  observe(event: JobEvent): void {
    switch (event.event) {
      case 'worker.started':
        this.workers.set(event.worker, event.pid)
        break
      case 'worker.lost':
        this.workers.delete(event.worker)
        break
      case 'job.restarting':
        this.state = 'restarting'
        break
      case 'job.restored':
        this.state = 'running'
        break
      case 'job.progress':
        this.records = event.records
        break
      case 'job.finished':
      case 'job.stopped':
      case 'job.failed':
        this.close()
        return
      default:
        return
    }
    this.arm()
  }

  close(): void {
    clearTimeout(this.timer)
    this.state = 'over'
  }

  private arm(): void {
    const next = this.plan[this.landed]
    if (!next || this.timer !== undefined || !this.isDue(next)) return
    this.timer = setTimeout(() => {
      this.timer = undefined
      if (this.state !== 'over') this.kill(next)
    }, next.delayMs)
  }

  /** A kill that was meant for a restart which is over meanwhile hits the running job. */
  private isDue({ when, records }: PlannedKill): boolean {
    if (this.state === 'running') return this.records >= records
    return when === 'restarting' && this.state === 'restarting'
  }

  private kill(next: PlannedKill): void {
    const living = [...this.workers]
    const victim = living[Math.floor(next.victim * living.length)]
    // A job that is between two attempts: the next event arms the kill again.
    if (!victim) return
    const [worker, pid] = victim
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return
      throw error
    }
    this.landed += 1
    this.state = 'dying'
    this.workers.delete(worker)
    this.told({ worker, pid })
  }
}
