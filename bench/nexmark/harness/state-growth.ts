/** How much state a job holds, by what its checkpoints weigh. */
import type { JobEvent } from '../../../index.ts'

export interface StateGrowth {
  /** Bytes of the checkpoint nearest to half of the input. */
  readonly halfBytes: number
  /** Bytes of the last one before the input ended, when what waits for the end is still held. */
  readonly endBytes: number
}

export class StateWatch {
  private readonly events: number
  private records = 0
  private readonly seen: { readonly records: number; readonly bytes: number }[] = []

  constructor(events: number) {
    this.events = events
  }

  observe(event: JobEvent): void {
    if (event.event === 'job.progress') this.records = event.records
    if (event.event === 'checkpoint.completed') this.seen.push({ records: this.records, bytes: event.bytes })
  }

  /** Undefined where the job was over before two checkpoints were taken. */
  get growth(): StateGrowth | undefined {
    const running = this.seen.filter(({ records }) => records > 0 && records < this.events)
    const last = running.at(-1)
    if (!last || running.length < 2) return undefined
    const fromHalf = ({ records }: { records: number }): number => Math.abs(records - this.events / 2)
    const half = running.reduce((best, each) => (fromHalf(each) < fromHalf(best) ? each : best))
    return { halfBytes: half.bytes, endBytes: last.bytes }
  }
}
