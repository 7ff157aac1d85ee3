/**
 * The job: claims a term, chooses a checkpoint, and supervises one attempt after the other until the flow is
 * finished, stopped, or cannot go on.
 *
 * - E1, E3: the job log decides who is in charge; whoever finds itself superseded ends and does not claim again.
 * - Failures during a restart join it: an attempt that fails while deploying is followed by the next.
 */
import { epochLabel, type CheckpointId, type Epoch } from '../../core/ids.ts'
import { unit } from '../../core/ports/random.ts'
import { fingerprint } from '../../operators/fingerprint.ts'
import type { Graph } from '../../operators/graph.ts'
import type { CheckpointStore } from '../../snapshot/store.ts'
import { EventLog } from '../events.ts'
import { Lifecycle } from '../kit/lifecycle.ts'
import {
  checkpointCompleted,
  decideRestart,
  givenUp,
  noRestarts,
  type RestartState,
} from '../kit/restart-policy.ts'
import type { ResolvedOptions } from '../options.ts'
import type { OpenedHost } from '../system/open-host.ts'
import { jobFailure, notRunning, type JobResult, type JobStatus } from './job-result.ts'
import { Attempt, type AttemptOutcome } from './attempt.ts'
import { Collection } from './collection.ts'
import { Crew } from './crew.ts'
import { JobCounts } from './job-counts.ts'
import { jobMachine } from './job-lifecycle.ts'
import { claimJobLog, type JobLog } from './job-log.ts'
import { watchNats, type NatsWatch } from './nats-watch.ts'
import { Recovery, type Startable } from './recovery.ts'

/** A term that was claimed. */
interface Reign {
  readonly log: JobLog
  readonly recovery: Recovery
}

type FailedAttempt = Extract<AttemptOutcome, { kind: 'failed' }>
type StoppedAttempt = Extract<AttemptOutcome, { kind: 'stopped' }>

export interface JobParts {
  readonly graph: Graph
  readonly options: ResolvedOptions
  readonly store: CheckpointStore
  readonly host: OpenedHost
  readonly dispose: () => Promise<void>
}

export class Job {
  readonly events: EventLog
  readonly finished: Promise<JobResult>
  private readonly parts: JobParts
  private readonly lifecycle: Lifecycle<typeof jobMachine>
  private readonly crew: Crew
  private readonly collection: Collection
  private log: JobLog | undefined
  private nats: NatsWatch | undefined
  private attempt: Attempt | undefined
  private epoch: Epoch | undefined
  private restarting: RestartState = noRestarts
  private readonly idsUsed = { newest: 0 }
  private restarts = 0
  private readonly counts = new JobCounts()
  private checkpoints = 0
  private failedMs: number | undefined
  private stopping: { readonly savepoint: boolean } | undefined
  private settle!: { resolve: (result: JobResult) => void; reject: (error: unknown) => void }

  constructor(parts: JobParts) {
    this.parts = parts
    const { clock } = parts.options.ports
    this.events = new EventLog(() => clock.wallMs())
    this.lifecycle = new Lifecycle(jobMachine, `job ${parts.graph.name}`)
    this.finished = new Promise((resolve, reject) => {
      this.settle = { resolve, reject }
    })
    this.collection = new Collection(parts.graph)
    this.crew = new Crew(parts.host.host, Math.max(1, parts.options.workers), {
      message: (message) => {
        if (message.kind === 'delivered') this.collection.accept(message)
        else this.attempt?.post({ kind: 'message', message })
      },
      started: (worker, pid) => this.events.emit({ event: 'worker.started', worker, pid }),
      ready: () => this.attempt?.post({ kind: 'crewReady' }),
      lost: (worker, pid, loss) => {
        this.failedMs ??= clock.monotonicMs()
        this.events.emit({ event: 'worker.lost', worker, pid, reason: loss.reason })
        this.attempt?.post({ kind: 'workerLost', worker, loss })
      },
    })
  }

  /** Claims the job and decides where it continues; rejects where it must not. The rest goes on by itself. */
  async start(): Promise<void> {
    try {
      const reign = await this.claim()
      this.lifecycle.send({ type: 'claimed' })
      const choice = await reign.recovery.first()
      if (choice.kind === 'finished') return await this.finish()
      void this.supervise(reign, choice)
    } catch (error) {
      this.lifecycle.send({ type: 'fail' })
      await this.close()
      throw error
    }
  }

  status(): JobStatus {
    return {
      state: this.lifecycle.state,
      epoch: this.epoch ? epochLabel(this.epoch) : null,
      checkpoint: this.log?.newest?.manifest.checkpoint ?? null,
      records: this.counts.records,
      lateDropped: this.counts.lateDropped,
      restarts: this.restarts,
      workers: this.crew.pids,
    }
  }

  async stop(savepoint: boolean): Promise<JobResult> {
    this.stopping = { savepoint }
    this.attempt?.post({ kind: 'stop', savepoint })
    return this.finished
  }

  savepoint(): Promise<CheckpointId> {
    if (this.attempt) return this.attempt.savepoint()
    return Promise.reject(notRunning(`a savepoint needs a running job, this one is ${this.lifecycle.state}`))
  }

  private async claim(): Promise<Reign> {
    const { store, options, graph, host } = this.parts
    const log = await claimJobLog(store, options.checkpoints.keep, options.ports)
    this.log = log
    this.nats = watchNats(host.nats, {
      emit: (body) => this.events.emit(body),
      failed: (error) => this.attempt?.post({ kind: 'crashed', error }),
    })
    this.events.emit({
      event: 'job.started',
      job: graph.name,
      term: log.term,
      transport: host.host.transport,
      workers: options.workers,
      parallelism: options.parallelism,
      tasks: [...graph.steps.values()].length,
    })
    return { log, recovery: new Recovery({ graph, options, store, log }) }
  }

  /** Failures during a restart join it. */
  private async supervise({ log, recovery }: Reign, first: Startable): Promise<void> {
    try {
      let choice = first
      let outcome = await this.runAttempt(log, choice)
      for (;;) {
        if (outcome.kind === 'finished') return await this.tidyAndFinish(recovery)
        if (outcome.kind === 'stopped') return await this.stopped(outcome)
        if (this.stopping) return await this.endStopping(outcome)
        this.failedMs ??= this.parts.options.ports.clock.monotonicMs()
        if (recovery.setAside(choice, outcome.error)) this.lifecycle.send({ type: 'attemptFailed' })
        else await this.beforeRestart(log, outcome)
        const next = recovery.choose()
        if (next.kind === 'finished') return await this.tidyAndFinish(recovery)
        choice = next
        const error = await recovery.prepare(choice)
        outcome = error ? { kind: 'failed', error, poison: undefined } : await this.runAttempt(log, choice)
      }
    } catch (error) {
      await this.fail(error)
    }
  }

  private async runAttempt(log: JobLog, choice: Startable): Promise<AttemptOutcome> {
    this.epoch = { term: log.term, attempt: (this.epoch?.attempt ?? 0) + 1 }
    const { graph, options } = this.parts
    this.lifecycle.send({ type: 'recovered' })
    const attempt = new Attempt({
      graph,
      fingerprint: fingerprint(graph),
      options,
      epoch: this.epoch,
      restore: choice.kind === 'restore' ? choice.from : undefined,
      crew: this.crew,
      log,
      counts: this.counts,
      idsUsed: this.idsUsed,
      events: {
        emit: (body) => this.events.emit(body),
        deployed: () => this.deployed(choice),
        checkpointCompleted: (facts) => {
          this.checkpoints += 1
          this.restarting = checkpointCompleted(this.restarting, facts)
        },
      },
    })
    this.attempt = attempt
    if (this.nats?.failure) attempt.post({ kind: 'crashed', error: this.nats.failure })
    if (this.stopping) attempt.post({ kind: 'stop', savepoint: this.stopping.savepoint })
    const outcome = await attempt.run()
    this.attempt = undefined
    return outcome
  }

  private deployed(choice: Startable): void {
    this.lifecycle.send({ type: 'deployed' })
    const { clock } = this.parts.options.ports
    this.events.emit({
      event: 'job.restored',
      checkpoint: choice.kind === 'restore' ? choice.from.manifest.checkpoint : null,
      epoch: this.epoch ? epochLabel(this.epoch) : '',
      recoveryMs: this.failedMs === undefined ? null : Math.round(clock.monotonicMs() - this.failedMs),
    })
    this.failedMs = undefined
  }

  /** Waits as the restart policy says; throws what failed when it says to give up. */
  private async beforeRestart(log: JobLog, outcome: FailedAttempt): Promise<void> {
    const { restart, ports } = this.parts.options
    const decision = decideRestart(restart, this.restarting, {
      retry: outcome.error.retry,
      nowMs: ports.clock.monotonicMs(),
      poison: outcome.poison,
      hung: outcome.error.code === 'OPEN_TIMEOUT',
      chance: unit(ports.random),
    })
    if (decision.kind === 'give-up') throw givenUp(decision.reason, outcome.error, restart)
    this.lifecycle.send({ type: 'attemptFailed' })
    this.restarting = decision.state
    this.restarts += 1
    this.events.emit({
      event: 'job.restarting',
      epoch: epochLabel({ term: log.term, attempt: (this.epoch?.attempt ?? 0) + 1 }),
      delayMs: Math.round(decision.delayMs),
      code: outcome.error.code,
      reason: outcome.error.message,
    })
    if (this.epoch) this.crew.tellAll({ kind: 'cancel', epoch: this.epoch })
    if (decision.delayMs > 0)
      await new Promise<void>((resolve) => ports.timers.after(decision.delayMs, resolve))
  }

  private async tidyAndFinish(recovery: Recovery): Promise<void> {
    await recovery.tidy()
    await this.finish()
  }

  private async finish(): Promise<void> {
    this.lifecycle.send({ type: 'finished' })
    await this.close()
    const result = this.result(true)
    const { records, restarts, checkpoints, lateDropped } = result
    this.events.emit({ event: 'job.finished', records, restarts, checkpoints, lateDropped })
    this.events.close()
    this.settle.resolve(result)
  }

  private async stopped({ checkpoint, savepoint }: StoppedAttempt): Promise<void> {
    this.lifecycle.send({ type: 'stopped' })
    await this.close()
    this.events.emit({ event: 'job.stopped', checkpoint, savepoint })
    this.events.close()
    this.settle.resolve(this.result(false))
  }

  /**
   * A job that is told to stop is not restarted for it: what the newest complete checkpoint holds is what its next
   * start continues from. A savepoint that was asked for and could not be taken is a failure.
   */
  private async endStopping({ error }: FailedAttempt): Promise<void> {
    if (this.stopping?.savepoint === true) throw error
    const checkpoint = this.log?.newest?.manifest.checkpoint ?? null
    this.crew.kill()
    await this.stopped({ kind: 'stopped', checkpoint, savepoint: false })
  }

  private async fail(error: unknown): Promise<void> {
    this.lifecycle.send({ type: 'fail' })
    const failure = jobFailure(error)
    this.crew.kill()
    await this.close()
    this.events.emit({ event: 'job.failed', code: failure.code, message: failure.message })
    this.events.close()
    this.settle.reject(failure)
  }

  private async close(): Promise<void> {
    const { options, host, dispose } = this.parts
    try {
      await this.crew.close()
      await host.close()
      await dispose()
    } catch (error) {
      options.ports.log('warn', 'the job did not close cleanly', { error: String(error) })
    }
  }

  private result(ended: boolean): JobResult {
    const { restarts, checkpoints, counts } = this
    return { records: counts.records, restarts, checkpoints, lateDropped: counts.lateDropped, ended }
  }
}
