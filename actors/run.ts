/** `run`: one call that turns a flow into a running job. */
import type { Flow } from '../operators/flow.ts'
import { systemPorts } from '../core/system/index.ts'
import { guarantees } from '../operators/guarantees.ts'
import { flowWarnings } from '../operators/warnings.ts'
import type { JobEvent } from './events.ts'
import { Job } from './job/job.ts'
import type { JobResult, JobStatus } from './job/job-result.ts'
import { resolveOptions, type RunOptions } from './options.ts'
import { openHost } from './system/open-host.ts'
import { openJobStore } from './system/job-store.ts'
import { becomeWorker } from './system/become-worker.ts'
import { readWorkerBoot } from './system/worker-boot.ts'

/** A running job. */
export interface JobHandle {
  /** Resolves when every source ended and all output is committed, or the job was stopped; rejects when it failed. */
  readonly finished: Promise<JobResult>
  /**
   * Takes one more checkpoint, commits its output, and ends the job without ending its sources: started again, it
   * continues. `savepoint: true` makes that checkpoint one that retention never deletes. Resolves when all is over.
   */
  stop(options?: { readonly savepoint?: boolean }): Promise<JobResult>
  /** Takes a checkpoint that retention never deletes; resolves to its id when it is complete. */
  savepoint(): Promise<number>
  /** What the job knows of itself at this moment. */
  status(): JobStatus
  /** What happens, from the start; any number of readers. */
  readonly events: AsyncIterable<JobEvent>
}

/**
 * Runs a flow. Resolves once the job is started: a flow with the same name that left checkpoints in the store
 * continues from the newest one; one that finished is finished at once.
 *
 * In a worker process, `run` of the same flow becomes the worker and does not return; what stands before it in the
 * script runs there too, and the ports given here are its own. `run` of another flow does nothing there, and its job is over at once.
 *
 * Throws ConfigError for options or a flow that cannot work, RecoveryError where continuing would not be exact, and
 * TransportError where NATS cannot be had; each names the mend.
 */
export async function run(flow: Flow, options: RunOptions = {}): Promise<JobHandle> {
  const graph = flow.graph()
  const boot = readWorkerBoot()
  if (boot) {
    if (boot.flow === graph.name) return becomeWorker(graph, boot, { ...systemPorts, ...options.ports })
    return inertHandle()
  }
  const resolved = resolveOptions(options)
  const store = await openJobStore(resolved)
  const host = await openHost(graph, resolved, store.store).catch(async (error: unknown) => {
    await store.dispose()
    throw error
  })
  const job = new Job({ graph, options: resolved, store: store.store, host, dispose: () => store.dispose() })
  for (const { sink, guarantee, because } of guarantees(graph, { durable: store.durable })) {
    job.events.emit({ event: 'job.guarantee', sink, guarantee, because })
  }
  for (const warning of flowWarnings(graph)) job.events.emit({ event: 'job.warning', ...warning })
  await job.start()
  return {
    finished: job.finished,
    stop: (stop) => job.stop(stop?.savepoint ?? false),
    savepoint: () => job.savepoint(),
    status: () => job.status(),
    events: { [Symbol.asyncIterator]: () => job.events.read() },
  }
}

/**
 * A script that runs several flows starts workers for each; in a worker of one, the others do nothing. A script that
 * waits for one flow before it runs the next must get there.
 */
function inertHandle(): JobHandle {
  const finished = Promise.resolve({
    records: 0,
    lateDropped: {},
    restarts: 0,
    checkpoints: 0,
    ended: true,
  })
  return {
    finished,
    stop: () => finished,
    savepoint: () => Promise.resolve(0),
    status: () => ({
      state: 'elsewhere',
      epoch: null,
      checkpoint: null,
      records: 0,
      lateDropped: {},
      restarts: 0,
      workers: [],
    }),
    events: {
      [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
    },
  }
}
