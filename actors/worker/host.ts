/** Where workers come from: this process, child processes, and later other hosts. */
import type { WorkerId } from '../../core/ids.ts'
import type { FromWorker, ToWorker } from './messages.ts'

export interface WorkerHost {
  readonly transport: 'memory' | 'nats'
  /**
   * Starts a worker; it says `ready` when it can be deployed to. `lost` is called once, when it is certainly
   * dead: nothing of it runs any more.
   */
  start(id: WorkerId, events: WorkerEvents): WorkerHandle
  close(): Promise<void>
}

export interface WorkerEvents {
  readonly message: (message: FromWorker) => void
  /** `stuckIn`: the task whose turn did not end, for which the worker was ended. */
  readonly lost: (reason: string, stuckIn?: string) => void
}

export interface WorkerHandle {
  readonly id: WorkerId
  readonly pid: number
  send(message: ToWorker): void
  /** Ends it at once; `lost` follows. */
  kill(): void
}
