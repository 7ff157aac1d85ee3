/**
 * One deployment of the whole job (one epoch): deploys to the crew, runs the coordinator, and ends with an outcome.
 *
 * - E5, C8: what belongs to another epoch is dropped here, before anything sees it.
 * - E4: an attempt that fails ends only when no write to the log is under way any more.
 * - The first failure decides; whatever follows it in the same attempt is a consequence.
 */
import { isTyped, MillraceError, reviveError } from '../../core/errors.ts'
import { sameEpoch, type CheckpointId, type Epoch, type TaskId, type WorkerId } from '../../core/ids.ts'
import { unreachable } from '../../core/invariant.ts'
import type { Graph } from '../../operators/graph.ts'
import type { SlotOutcome } from '../../snapshot/coordinator-facts.ts'
import { highestCheckpoint, type LoggedCheckpoint } from '../../snapshot/log/index.ts'
import type { JobEventBody } from '../events.ts'
import { Mailbox } from '../kit/mailbox.ts'
import type { ResolvedOptions } from '../options.ts'
import { planJob, type Plan } from '../plan/plan.ts'
import type { FromWorker } from '../worker/messages.ts'
import { Coordination, type CoordinationEvents, type Told } from './coordination.ts'
import type { Crew, WorkerLoss } from './crew.ts'
import type { JobCounts } from './job-counts.ts'
import type { JobLog } from './job-log.ts'
import { notRunning } from './job-result.ts'

export type AttemptOutcome =
  | { readonly kind: 'finished' }
  | { readonly kind: 'stopped'; readonly checkpoint: CheckpointId | null; readonly savepoint: boolean }
  | { readonly kind: 'failed'; readonly error: MillraceError; readonly poison: string | undefined }

export interface AttemptParts {
  readonly graph: Graph
  readonly fingerprint: string
  readonly options: ResolvedOptions
  readonly epoch: Epoch
  readonly restore: LoggedCheckpoint | undefined
  readonly crew: Crew
  readonly log: JobLog
  readonly counts: JobCounts
  /** Highest checkpoint id started so far in this process. */
  readonly idsUsed: { newest: number }
  readonly events: AttemptEvents
}

export interface AttemptEvents {
  readonly emit: (body: JobEventBody) => void
  readonly deployed: () => void
  /** `opened`: later than what does not open in time would have failed. */
  readonly checkpointCompleted: (facts: { readonly opened: boolean }) => void
}

/** What an attempt is told. */
export type AttemptFact =
  | { readonly kind: 'message'; readonly message: FromWorker }
  | { readonly kind: 'crewReady' }
  | { readonly kind: 'workerLost'; readonly worker: WorkerId; readonly loss: WorkerLoss }
  | { readonly kind: 'tick' }
  | { readonly kind: 'slotWritten'; readonly outcome: SlotOutcome }
  | { readonly kind: 'stop'; readonly savepoint: boolean }
  | { readonly kind: 'savepoint' }
  | { readonly kind: 'crashed'; readonly error: unknown }

type Savepoint = { resolve: (id: CheckpointId) => void; reject: (error: unknown) => void }

export class Attempt {
  private readonly parts: AttemptParts
  private readonly facts = new Mailbox<AttemptFact>()
  private readonly awaiting = new Set<WorkerId>()
  /** Workers of the attempt before. */
  private readonly inherited = new Set<WorkerId>()
  private readonly savepoints: Savepoint[] = []
  private plan: Plan | undefined
  private coordination: Coordination | undefined
  private readonly early: Told[] = []
  private outcome: AttemptOutcome | undefined
  private stopRequested: { readonly savepoint: boolean } | undefined

  constructor(parts: AttemptParts) {
    this.parts = parts
  }

  post(fact: AttemptFact): void {
    this.facts.post(fact)
  }

  savepoint(): Promise<CheckpointId> {
    return new Promise((resolve, reject) => {
      this.savepoints.push({ resolve, reject })
      this.post({ kind: 'savepoint' })
    })
  }

  async run(): Promise<AttemptOutcome> {
    const { crew, log } = this.parts
    for (const { worker } of crew.pids) this.inherited.add(worker)
    crew.fill()
    if (crew.ready) this.post({ kind: 'crewReady' })
    while (!this.outcome) {
      try {
        this.take(await this.facts.take())
      } catch (error) {
        this.failed(error)
      }
    }
    this.coordination?.end()
    await log.settled()
    const failure = this.outcome.kind === 'failed' ? this.outcome.error : undefined
    for (const savepoint of this.savepoints) savepoint.reject(failure ?? notRunning('the job ended first'))
    return this.outcome
  }

  private take(fact: AttemptFact): void {
    switch (fact.kind) {
      case 'crewReady':
        this.deploy()
        break
      case 'workerLost':
        if (this.joins(fact.worker)) this.parts.crew.fill()
        else this.failed(workerLost(fact.worker, fact.loss), poisonOf(fact.loss))
        break
      case 'crashed':
        this.failed(fact.error)
        break
      case 'tick':
        this.tell({ kind: 'tick' })
        break
      case 'slotWritten':
        this.tell({ kind: 'slotWritten', outcome: fact.outcome })
        break
      case 'stop':
        this.stopRequested = { savepoint: fact.savepoint }
        this.tell({ kind: 'stopRequested', savepoint: fact.savepoint })
        break
      case 'savepoint':
        this.tell({ kind: 'savepointRequested' })
        break
      case 'message':
        this.hear(fact.message)
        break
      default:
        unreachable(fact, 'fact of an attempt')
    }
  }

  /** One that died with those that ended the last attempt, and was noticed later: nothing is deployed yet. */
  private joins(worker: WorkerId): boolean {
    return this.plan === undefined && this.inherited.delete(worker)
  }

  private deploy(): void {
    const { crew, options, epoch, graph, restore } = this.parts
    const workers = crew.ready
    if (!workers || this.plan) return
    const { parallelism, keyGroups, fuse, debug, openMsMax } = options
    this.plan = planJob(graph, { parallelism, keyGroups, workers, fuse })
    for (const worker of workers) this.awaiting.add(worker)
    crew.tellAll({
      kind: 'deploy',
      epoch,
      deployment: {
        parallelism,
        keyGroups,
        fuse,
        debug,
        openMsMax,
        workers,
        restore: restore ? { term: restore.term, slot: restore.slot } : null,
      },
    })
  }

  private hear(message: FromWorker): void {
    if (!('epoch' in message) || !sameEpoch(message.epoch, this.parts.epoch)) return
    const { counts, events } = this.parts
    switch (message.kind) {
      case 'deployed':
        for (const task of this.plan?.tasks ?? []) if (task.worker === message.worker) counts.begun(task.id)
        this.awaiting.delete(message.worker)
        if (this.awaiting.size === 0) this.begin()
        break
      case 'acknowledged': {
        const { task, checkpoint, snapshot } = message
        this.tell({ kind: 'taskAcknowledged', task, checkpoint, snapshot })
        break
      }
      case 'declined': {
        const { task, checkpoint, error } = message
        this.tell({ kind: 'taskDeclined', task, checkpoint, error })
        break
      }
      case 'inputEnded':
        if (!this.isSource(message.task)) break
        counts.tellRecords(message.task, message.records)
        this.tell({ kind: 'sourceEnded', task: message.task })
        break
      case 'committed':
        this.tell({ kind: 'committed', task: message.task, checkpoint: message.checkpoint })
        break
      case 'lateDropped':
        counts.tellLate(message.task, message.dropped)
        break
      case 'progress':
        counts.tellRecords(message.task, message.records)
        events.emit({ event: 'job.progress', records: counts.records })
        break
      case 'taskFailed':
        this.taskFailed(message)
        break
      default:
        unreachable(message, 'message of a worker')
    }
  }

  private taskFailed({ task, error, poison }: Extract<FromWorker, { kind: 'taskFailed' }>): void {
    const { step } = error.details
    this.parts.events.emit({
      event: 'task.failed',
      task,
      step: typeof step === 'string' ? step : null,
      code: error.code,
      message: error.message,
    })
    this.outcome ??= { kind: 'failed', error: reviveError(error), poison: poison ?? undefined }
  }

  private failed(error: unknown, poison?: string): void {
    const typed = isTyped(error)
      ? error
      : new MillraceError('COORDINATOR_FAILED', `the coordinator failed: ${String(error)}`, {
          retry: 'retry',
          cause: error,
        })
    this.outcome ??= { kind: 'failed', error: typed, poison }
  }

  /** Every worker restored its tasks: the coordinator's reign over this epoch begins. */
  private begin(): void {
    const { graph, epoch, fingerprint, options, restore, log, idsUsed, crew, events } = this.parts
    const tasks = this.plan?.tasks ?? []
    events.deployed()
    this.coordination = new Coordination(
      { epoch, crew, log, ports: options.ports, idsUsed, events: this.coordinationEvents() },
      {
        job: graph.name,
        epoch,
        fingerprint,
        keyGroups: options.keyGroups,
        tasks: tasks.map((task) => task.id),
        sources: tasks.filter((task) => this.isSource(task.id)).map((task) => task.id),
        options: options.checkpoints,
        newest: Math.max(highestCheckpoint(log.history), idsUsed.newest),
        restored: restore ? { checkpoint: restore.manifest.checkpoint, final: restore.manifest.final } : null,
      },
    )
    for (const fact of this.early.splice(0)) this.tell(fact)
  }

  private coordinationEvents(): CoordinationEvents {
    const { events, options } = this.parts
    const { clock } = options.ports
    const begunMs = clock.monotonicMs()
    return {
      emit: events.emit,
      completed: (checkpoint, savepoint) => {
        events.checkpointCompleted({ opened: clock.monotonicMs() - begunMs > options.openMsMax })
        if (savepoint) for (const waiting of this.savepoints.splice(0)) waiting.resolve(checkpoint)
      },
      aborted: (savepoint, reason) => {
        if (savepoint) for (const waiting of this.savepoints.splice(0)) waiting.reject(reason)
      },
      finished: () => (this.outcome ??= { kind: 'finished' }),
      stopped: (checkpoint) => {
        const savepoint = this.stopRequested?.savepoint ?? false
        this.outcome ??= { kind: 'stopped', checkpoint, savepoint }
      },
      failed: (error) => this.post({ kind: 'crashed', error }),
      tick: () => this.post({ kind: 'tick' }),
      slotWritten: (outcome) => this.post({ kind: 'slotWritten', outcome }),
    }
  }

  private isSource(id: TaskId): boolean {
    const task = this.plan?.tasks.find((planned) => planned.id === id)
    return task !== undefined && this.parts.graph.steps.get(task.chain.head)?.kind === 'source'
  }

  /** What a worker says before the others are deployed is as true afterwards: a source may end that early. */
  private tell(fact: Told): void {
    if (this.outcome) return
    if (this.coordination) this.coordination.tell(fact)
    else this.early.push(fact)
  }
}

/** A process that ends by itself before it can work will do so again: its module cannot be loaded. */
function workerLost(worker: WorkerId, { reason, wasReady, stuckIn }: WorkerLoss): MillraceError {
  if (!wasReady && reason.startsWith('exit code')) {
    return new MillraceError(
      'WORKER_START',
      `worker ${worker} could not start (${reason}); what it printed on standard error says why: its entry module must load by itself and give the same flow`,
      { retry: 'fatal', details: { worker } },
    )
  }
  if (stuckIn !== undefined) {
    return new MillraceError(
      'WORKER_STUCK',
      `worker ${worker} was ended: ${reason} (busyMsMax); a handler must return: mend the one that does not, or raise busyMsMax where it only takes long`,
      { retry: 'retry', details: { worker, task: stuckIn } },
    )
  }
  return new MillraceError('WORKER_LOST', `worker ${worker} is gone (${reason})`, { retry: 'retry' })
}

/** Stuck in the same task once more: no restart helps. */
const poisonOf = ({ stuckIn }: WorkerLoss): string | undefined =>
  stuckIn === undefined ? undefined : `stuck: ${stuckIn}`
