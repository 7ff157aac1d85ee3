/** What a worker process is told at its start, in an environment variable. */
import type { WorkerId } from '../../core/ids.ts'

export const workerBootVariable = 'MILLRACE_WORKER'

export interface WorkerBoot {
  readonly flow: string
  readonly worker: WorkerId
  /** Where the store is (`CheckpointStore.address`). */
  readonly store: string
  readonly nats: string
  /** Prefix of this run's subjects. */
  readonly prefix: string
  /** The module to load, as a URL or path; absent when the parent's own script runs again. */
  readonly entry?: string
}

export function readWorkerBoot(): WorkerBoot | undefined {
  const text = process.env[workerBootVariable]
  return text === undefined ? undefined : (JSON.parse(text) as WorkerBoot)
}
