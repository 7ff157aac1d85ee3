/**
 * One deployment in one worker: its tasks, from restoring to stopped.
 *
 * - Nothing runs before every task of this worker is restored; a link sends nothing before its peer answered
 *   (L2), so workers need not wait for each other.
 * - Whatever completes after `stop` changes nothing.
 */
import { createHash } from 'node:crypto'
import type { Barrier } from '../../core/elements.ts'
import { isTyped, reportError } from '../../core/errors.ts'
import { isCrash } from '../../core/ports/failpoints.ts'
import { epochLabel, type CheckpointId, type Epoch, type StepName } from '../../core/ids.ts'
import { Openings } from '../../operators/openings.ts'
import { toText } from '../../operators/text.ts'
import { PartBuilder, writeParts, type BuiltSnapshot } from '../../snapshot/parts.ts'
import { Scheduler } from '../kit/scheduler.ts'
import { planJob, type Plan, type TaskPlan } from '../plan/plan.ts'
import type { SectionDraft } from '../task/sections.ts'
import type { Task, TaskEvents } from '../task/task.ts'
import { buildTask } from './build-task.ts'
import type { Deployment, ToWorker } from './messages.ts'
import { RestoredCheckpoint } from './restored-checkpoint.ts'
import type { WorkerOptions } from './worker.ts'

const progressEveryMs = 200
/** Bytes: about a millisecond of SHA-256. */
const hashedInOneGo = 1024 * 1024

export class HostedDeployment {
  readonly epoch: Epoch
  private readonly worker: WorkerOptions
  private readonly deployment: Deployment
  private readonly scheduler: Scheduler
  private readonly openings: Openings
  private tasks: Task[] = []
  /** By task, what the job was told last. */
  private readonly lateReported = new Map<Task, number>()
  private stopped = false

  constructor(worker: WorkerOptions, epoch: Epoch, deployment: Deployment) {
    this.worker = worker
    this.epoch = epoch
    this.deployment = deployment
    this.openings = new Openings(worker.ports.timers, deployment.openMsMax)
    const { board } = worker
    const turn = board && ((task: unknown): void => board.turn(this.tasks.indexOf(task as Task)))
    this.scheduler = new Scheduler({ ...worker.ports, ...worker.scheduling, turn })
  }

  async start(): Promise<void> {
    const { graph, store, ports, id } = this.worker
    const plan = planJob(graph, this.deployment)
    const { restore } = this.deployment
    const restored = restore ? await RestoredCheckpoint.open(store, restore) : undefined
    const links = this.worker.links(this.deployment.debug)
    const mine = plan.tasks.filter((task) => task.worker === id)
    for (const task of mine) {
      if (this.stopped) return
      ports.failpoints.hit('task.restoring', { worker: id, task: task.id })
      const made = await this.build(plan, task, links, restored)
      if (!made) return
      if (this.stopped) void made.stop()
      else this.tasks.push(made)
    }
    if (this.stopped) return
    this.worker.board?.tasks(
      this.tasks.map(({ plan: { id: task, chain } }) => `${task} (${chain.steps.join(', ')})`),
    )
    for (const task of this.tasks) task.lifecycle.send({ type: 'restored' })
    for (const task of this.tasks) this.scheduler.add(task)
    this.worker.send({ kind: 'deployed', epoch: this.epoch, worker: id })
    this.reportProgress()
  }

  trigger({ checkpoint, final, stop }: Extract<ToWorker, { kind: 'trigger' }>): void {
    const barrier: Barrier = { kind: 'barrier', checkpoint, final }
    for (const task of this.tasks) task.trigger(barrier, stop)
  }

  overtake(checkpoint: CheckpointId): void {
    for (const task of this.tasks) task.overtake(checkpoint)
  }

  abort(checkpoint: CheckpointId): void {
    for (const task of this.tasks) task.abort(checkpoint)
  }

  complete(checkpoint: CheckpointId): void {
    for (const task of this.tasks) void task.complete(checkpoint)
  }

  stop(): void {
    this.stopped = true
    for (const task of this.tasks) {
      this.scheduler.remove(task)
      void task.stop()
    }
    this.openings.stop()
  }

  failed(task: Task | undefined, error: unknown, plan?: TaskPlan): void {
    if (this.stopped) return
    const failedTask = task?.plan ?? plan
    this.worker.send({
      kind: 'taskFailed',
      epoch: this.epoch,
      task: failedTask?.id ?? null,
      error: reportError(error),
      poison: task ? poisonOf(error, task.lastRecord) : null,
    })
  }

  private async build(
    plan: Plan,
    task: TaskPlan,
    links: ReturnType<WorkerOptions['links']>,
    restored: RestoredCheckpoint | undefined,
  ): Promise<Task | undefined> {
    let made: Task | undefined
    const events: TaskEvents = {
      wake: () => {
        if (made) this.scheduler.wake(made)
      },
      upload: (barrier, sections) => this.upload(task, barrier, sections),
      declined: (checkpoint, error) => this.decline(task, checkpoint, error),
      inputEnded: () => {
        this.worker.send({
          kind: 'inputEnded',
          epoch: this.epoch,
          task: task.id,
          records: made?.recordsRead ?? 0,
        })
      },
      committed: (checkpoint) => {
        // Before the answer that may end a stopped job: its result says how much was read.
        if (made) this.report(made)
        this.worker.send({ kind: 'committed', epoch: this.epoch, checkpoint, task: task.id })
      },
      failed: (error) => this.failed(made, error, task),
    }
    try {
      made = await buildTask({
        plan,
        task,
        epoch: this.epoch,
        ports: this.worker.ports,
        links,
        restored,
        events,
        openings: this.openings,
        deliver: (step, checkpoint, values) => this.deliver(task, step, checkpoint, values),
      })
      return made
    } catch (error) {
      this.failed(undefined, error, task)
      return undefined
    }
  }

  /** C5, C8: the parts first, then the acknowledgement; a store error declines this checkpoint only. */
  private async upload(task: TaskPlan, barrier: Barrier, sections: readonly SectionDraft[]): Promise<void> {
    const { store, send, ports, id } = this.worker
    const { checkpoint } = barrier
    const place = { worker: id, task: task.id, checkpoint }
    const { epoch } = this
    try {
      const { snapshot, files } = await this.assemble(task, checkpoint, sections)
      ports.failpoints.hit('task.mid-upload', place)
      await writeParts(store.parts, files)
      if (this.stopped) return
      ports.failpoints.hit('task.uploaded', place)
      send({ kind: 'acknowledged', epoch, checkpoint, task: task.id, snapshot })
    } catch (error) {
      if (this.stopped) return
      if (isCrash(error)) throw error
      this.decline(task, checkpoint, error)
    }
  }

  private decline(task: TaskPlan, checkpoint: CheckpointId, error: unknown): void {
    const { epoch } = this
    const { send, ports } = this.worker
    ports.log('warn', `checkpoint ${checkpoint} declined in ${epochLabel(epoch)}`, { error: String(error) })
    send({ kind: 'declined', epoch, checkpoint, task: task.id, error: reportError(error) })
  }

  /** C3: hashing large state must not stop the stream, so it gives way to it now and then. */
  private async assemble(
    task: TaskPlan,
    checkpoint: CheckpointId,
    sections: readonly SectionDraft[],
  ): Promise<BuiltSnapshot> {
    const builder = new PartBuilder({ epoch: this.epoch, checkpoint, task: task.id })
    let bytes = 0
    for (const section of sections) {
      builder.add(section)
      bytes += section.chunks.reduce((sum, chunk) => sum + chunk.length, 0)
      if (bytes < hashedInOneGo) continue
      bytes = 0
      await new Promise<void>((resolve) => this.worker.ports.timers.soon(resolve))
    }
    return builder.finish()
  }

  private deliver(
    task: TaskPlan,
    step: StepName,
    checkpoint: CheckpointId,
    values: Uint8Array,
  ): Promise<void> {
    this.worker.send({ kind: 'delivered', step, task: task.id, checkpoint, values })
    return Promise.resolve()
  }

  private reportProgress(): void {
    if (this.stopped) return
    for (const task of this.tasks) this.report(task)
    this.worker.ports.timers.after(progressEveryMs, () => this.reportProgress())
  }

  private report(task: Task): void {
    const { plan, recordsRead, lateDropped: dropped } = task
    const sum = Object.values(dropped).reduce((all, each) => all + each, 0)
    if (sum !== (this.lateReported.get(task) ?? 0)) {
      this.lateReported.set(task, sum)
      this.worker.send({ kind: 'lateDropped', epoch: this.epoch, task: plan.id, dropped })
    }
    if (recordsRead === null) return
    this.worker.send({ kind: 'progress', epoch: this.epoch, task: plan.id, records: recordsRead })
  }
}

/** Equal for equal records at the same step; null when no user code was involved, or no record is known to be at fault. */
function poisonOf(error: unknown, record: unknown): string | null {
  if (!isTyped(error) || typeof error.details.step !== 'string' || error.details.earlier === true) return null
  // Where calls are asynchronous the record that failed is not the one that came last; the error holds it.
  const { raw } = error.details
  if (record === undefined && raw === undefined) return null
  const text = typeof raw === 'string' ? raw : toText(record, 100_000)
  const digest = createHash('sha256').update(text).digest('hex')
  return `${error.details.step}:${error.code}:${digest}`
}
