/**
 * Who hangs: a thread that had `cpuMsMax` of processor time for one case and did not come to the next. A machine that
 * is busy with something else makes nobody hang: only what this process itself was given counts, in equal shares for
 * the threads that work (the system schedules them alike, and tells what each had on some platforms alone).
 */
export interface HangWatchOptions {
  readonly cpuMsMax: number
  /** Processor time of this process so far. */
  readonly cpuMs: () => number
}

interface Watched {
  /** The case that runs now. */
  readonly at: BigInt64Array
  readonly hung: () => void
  seen: bigint
  cpuMs: number
}

const sampleMs = 100

export class HangWatch {
  private readonly options: HangWatchOptions
  private readonly working = new Set<Watched>()
  private timer: NodeJS.Timeout | undefined
  private sampledCpuMs = 0

  constructor(options: HangWatchOptions) {
    this.options = options
  }

  /** `hung` is called once. The returned function ends the watch. */
  watch(at: BigInt64Array, hung: () => void): () => void {
    const watched: Watched = { at, hung, seen: Atomics.load(at, 0), cpuMs: 0 }
    if (this.working.size === 0) this.sampledCpuMs = this.options.cpuMs()
    this.working.add(watched)
    this.timer ??= setInterval(() => this.sample(), sampleMs)
    return () => this.forget(watched)
  }

  sample(): void {
    const cpuMs = this.options.cpuMs()
    const shareMs = (cpuMs - this.sampledCpuMs) / this.working.size
    this.sampledCpuMs = cpuMs
    for (const watched of [...this.working]) {
      const now = Atomics.load(watched.at, 0)
      watched.cpuMs = now === watched.seen ? watched.cpuMs + shareMs : 0
      watched.seen = now
      if (watched.cpuMs < this.options.cpuMsMax) continue
      this.forget(watched)
      watched.hung()
    }
  }

  private forget(watched: Watched): void {
    this.working.delete(watched)
    if (this.working.size > 0) return
    clearInterval(this.timer)
    this.timer = undefined
  }
}
