/** How long the job was down: from the first sign of a failure to `job.restored`. */
import type { JobEvent } from '../../index.ts'

export class RecoveryTimes {
  private readonly timesMs: number[] = []
  private failedMs: number | undefined

  observe(event: JobEvent): void {
    if (event.event === 'worker.lost' || event.event === 'task.failed' || event.event === 'job.restarting') {
      this.failedMs ??= event.atMs
    } else if (event.event === 'job.restored' && this.failedMs !== undefined) {
      this.timesMs.push(event.atMs - this.failedMs)
      this.failedMs = undefined
    }
  }

  /** The nearest-rank quantile, `q` in (0, 1]; null without a recovery. */
  quantile(q: number): number | null {
    const sorted = [...this.timesMs].sort((a, b) => a - b)
    return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? null
  }
}
