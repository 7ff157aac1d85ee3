/**
 * A worker: hosts the tasks of one deployment at a time.
 *
 * - E5: commands of an older epoch change nothing; a newer deployment ends the older one's tasks first.
 * - C8: an acknowledgement is sent once its parts are durable; a store error declines the checkpoint only.
 */
import { reportError } from '../../core/errors.ts'
import { compareEpochs, sameEpoch, type Epoch, type WorkerId } from '../../core/ids.ts'
import { unreachable } from '../../core/invariant.ts'
import type { Ports } from '../../core/ports/index.ts'
import type { Graph } from '../../operators/graph.ts'
import type { CheckpointStore } from '../../snapshot/store.ts'
import type { WorkerLinks } from './worker-links.ts'
import type { SchedulerOptions } from '../kit/scheduler.ts'
import { HostedDeployment } from './hosted-deployment.ts'
import type { FromWorker, ToWorker } from './messages.ts'
import type { TurnBoard } from './turn-board.ts'

export interface WorkerOptions {
  readonly id: WorkerId
  readonly graph: Graph
  readonly ports: Ports
  readonly store: CheckpointStore
  /** How the worker's scheduler shares the event loop; see `Scheduler`. */
  readonly scheduling?: Pick<SchedulerOptions, 'sliceMs' | 'budget'>
  /** New links for one deployment. */
  readonly links: (debug: boolean) => WorkerLinks
  readonly send: (message: FromWorker) => void
  /** Told whose turn it is. */
  readonly board?: TurnBoard | undefined
}

export class Worker {
  private readonly options: WorkerOptions
  private hosted: HostedDeployment | undefined

  constructor(options: WorkerOptions) {
    this.options = options
  }

  receive(message: ToWorker): void {
    switch (message.kind) {
      case 'deploy':
        this.deploy(message)
        break
      case 'trigger':
        this.current(message.epoch)?.trigger(message)
        break
      case 'overtake':
        this.current(message.epoch)?.overtake(message.checkpoint)
        break
      case 'abort':
        this.current(message.epoch)?.abort(message.checkpoint)
        break
      case 'complete':
        this.current(message.epoch)?.complete(message.checkpoint)
        break
      case 'cancel':
        if (this.hosted && compareEpochs(this.hosted.epoch, message.epoch) <= 0) this.drop()
        break
      case 'shutdown':
        this.drop()
        break
      default:
        unreachable(message, 'message to a worker')
    }
  }

  /** Ends all tasks at once, as a crash would: nothing is flushed or committed. */
  drop(): void {
    this.hosted?.stop()
    this.hosted = undefined
  }

  private deploy(message: Extract<ToWorker, { kind: 'deploy' }>): void {
    if (this.hosted && compareEpochs(this.hosted.epoch, message.epoch) >= 0) return
    this.drop()
    const hosted = new HostedDeployment(this.options, message.epoch, message.deployment)
    this.hosted = hosted
    void hosted.start().catch((error: unknown) => {
      // A deployment that cannot even say which task failed: the whole of it did.
      this.options.ports.log('error', 'a deployment failed', { error: reportError(error).message })
      hosted.failed(undefined, error)
    })
  }

  private current(epoch: Epoch): HostedDeployment | undefined {
    return this.hosted && sameEpoch(this.hosted.epoch, epoch) ? this.hosted : undefined
  }
}
