/** What the benches' flows are to do: worker processes load them as modules, so it comes by the environment. */
interface WorkerSetup<T> {
  /** For the processes that are started from now on, and this one. */
  write(setup: T): void
  read(): T
}

export interface EdgeSetup {
  readonly records: number
  /** Before the measured ones. */
  readonly warmRecords: number
  readonly keys: number
}

export interface LatencySetup extends EdgeSetup {
  /** Null: as fast as they are taken. */
  readonly perSecond: number | null
}

export const edgeSetup = workerSetup<EdgeSetup>('MILLRACE_BENCH_EDGE')
export const latencySetup = workerSetup<LatencySetup>('MILLRACE_BENCH_LATENCY')
export const recoverySetup = workerSetup<Pick<EdgeSetup, 'keys'>>('MILLRACE_BENCH_RECOVERY')

function workerSetup<T>(variable: string): WorkerSetup<T> {
  return {
    write(setup) {
      process.env[variable] = JSON.stringify(setup)
    },
    read() {
      const text = process.env[variable]
      if (text === undefined)
        throw new Error(`${variable} is not set: this module is loaded by the benchmark`)
      return JSON.parse(text) as T
    },
  }
}
