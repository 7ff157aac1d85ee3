/**
 * One task: a chain of fused steps as a synchronous tasklet.
 *
 * - T1: an invocation starts only while every output has room; barriers, positions and ends move only between
 *   invocations, when nothing is left to pull. Nothing emits while restoring.
 * - C3: at the barrier the snapshot is captured and the barrier forwarded; uploading does not stop the stream.
 * - C4: a barrier that overtakes needs no room, so backpressure does not stop it; what an invocation left to pull, a
 *   watermark on its way through, and an `onEnd` that runs come first. It goes on beside the numbering, at once.
 * - C10: end of input runs `onEnd` once, then the end goes out; barriers are passed on until the job ends.
 */
import type { Barrier, Signal, Watermark } from '../../core/elements.ts'
import { MillraceError, isTyped } from '../../core/errors.ts'
import type { CheckpointId } from '../../core/ids.ts'
import { limits } from '../../core/limits.ts'
import type { FailpointName, Ports } from '../../core/ports/index.ts'
import { ChannelStateError } from '../../snapshot/errors.ts'
import { invariant } from '../../core/invariant.ts'
import { Lifecycle } from '../kit/lifecycle.ts'
import type { TaskPlan } from '../plan/plan.ts'
import type { ChainRuntime, OperatorNode } from './chain.ts'
import type { Gate } from './gate.ts'
import type { Head, HeadChannel } from './head.ts'
import type { LinkBuffer } from './output.ts'
import type { LateDropped } from '../late-dropped.ts'
import type { SectionDraft } from './sections.ts'
import { SourceHead } from './source-head.ts'
import type { RecordedChannel } from './task-channels.ts'
import { TaskCheckpoint } from './task-checkpoint.ts'
import { taskMachine } from './task-lifecycle.ts'
import type { EndTurn, WatermarkFlow } from './watermark-flow.ts'

export type StepResult = 'progress' | 'idle' | 'blocked' | 'done'

export interface TaskEvents {
  readonly wake: () => void
  /** Stores the sections and acknowledges; rejects when the store fails, which aborts the checkpoint only. */
  readonly upload: (barrier: Barrier, sections: readonly SectionDraft[]) => Promise<void>
  /** The checkpoint fails here, and nothing else does (C4, C8). */
  readonly declined: (checkpoint: CheckpointId, error: unknown) => void
  readonly inputEnded: () => void
  readonly committed: (checkpoint: CheckpointId) => void
  readonly failed: (error: unknown) => void
}

export interface TaskParts {
  readonly plan: TaskPlan
  readonly chain: ChainRuntime
  readonly head: Head
  readonly outputs: readonly LinkBuffer[]
  readonly gate: Gate
  readonly watermarks: WatermarkFlow
  readonly events: TaskEvents
  readonly ports: Ports
}

/** Keys of a running snapshot that one step encodes, fewer where the task's steps are shorter: about a millisecond. */
const sliceKeysMax = 500
/** Invocations after which the steps that make watermarks are asked, fewer where the task's steps are shorter. */
const askEveryMax = limits.batchRecordsMax

export class Task {
  readonly plan: TaskPlan
  readonly lifecycle: Lifecycle<typeof taskMachine>
  private readonly parts: TaskParts
  private readonly pullers: readonly OperatorNode[]
  private checkpoint: TaskCheckpoint | undefined
  /** Newest barrier that went out. */
  private forwarded = 0
  /** C4: the newest checkpoint whose barrier overtakes; 0: none. */
  private overtaking = 0
  private ending: IterableIterator<EndTurn> | undefined
  /** Invocations since the steps that make watermarks were asked. */
  private unasked = 0
  private askEvery: number = askEveryMax

  constructor(parts: TaskParts) {
    this.parts = parts
    this.plan = parts.plan
    this.lifecycle = new Lifecycle(taskMachine, `task ${parts.plan.id}`)
    this.lifecycle.send({ type: 'restore' })
    this.pullers = parts.chain.operators
      .filter(({ instance }) => instance.pull !== undefined || 'full' in instance)
      .reverse()
  }

  /** What this source's task read since the job's first start; null for other tasks. */
  get recordsRead(): number | null {
    return this.parts.head instanceof SourceHead ? this.parts.head.recordsRead : null
  }

  /** Late records that its steps gave up, since the job's first start; steps without are left out. */
  get lateDropped(): LateDropped {
    const dropping = this.parts.chain.operators.filter(({ late }) => late.dropped > 0)
    return Object.fromEntries(dropping.map(({ name, late }) => [name, late.dropped]))
  }

  /** For telling a poison record. */
  get lastRecord(): unknown {
    return this.parts.head.lastRecord
  }

  /** Runs about `budget` invocations. Never throws: a failure ends the task and is reported. */
  step(budget: number): StepResult {
    if (this.lifecycle.is('stopped', 'failed')) return 'done'
    try {
      return this.run(budget)
    } catch (error) {
      this.fail(this.locate(error))
      return 'done'
    }
  }

  /** Starts a checkpoint at a source's task (C1). */
  trigger(barrier: Barrier, stop = false): void {
    if (this.parts.head instanceof SourceHead) this.parts.head.trigger(barrier, stop)
  }

  /** C4: the barrier of `checkpoint` need not wait its turn, in front of this task or behind it. */
  overtake(checkpoint: CheckpointId): void {
    if (this.lifecycle.is('stopped', 'failed') || checkpoint <= this.overtaking) return
    this.overtaking = checkpoint
    if (this.forwarded === checkpoint) this.announce(checkpoint)
    else this.parts.events.wake()
  }

  /** Gives the checkpoint up, wherever it is; staged output stays (K1). */
  abort(checkpoint: CheckpointId): void {
    this.parts.head.abort(checkpoint)
    if (this.overtaking === checkpoint) this.overtaking = 0
    if (this.checkpoint?.barrier.checkpoint === checkpoint) this.dropCheckpoint()
    this.parts.events.wake()
  }

  /** C6: commits what was staged up to a complete checkpoint; a failure to commit fails the task (K3). */
  async complete(checkpoint: CheckpointId): Promise<void> {
    try {
      await Promise.all(this.parts.chain.sinks.map((sink) => sink.complete(checkpoint)))
      if (!this.lifecycle.is('stopped', 'failed')) this.parts.events.committed(checkpoint)
    } catch (error) {
      this.fail(error)
    }
  }

  fail(error: unknown): void {
    if (this.lifecycle.is('stopped', 'failed')) return
    this.lifecycle.send({ type: 'fail' })
    this.parts.events.failed(error)
    void this.release()
  }

  async stop(): Promise<void> {
    if (this.lifecycle.is('stopped', 'failed')) return
    this.lifecycle.send({ type: 'stop' })
    await this.release()
  }

  private run(budget: number): StepResult {
    const { gate, outputs, chain } = this.parts
    this.askEvery = Math.min(budget, askEveryMax)
    this.makeRoom()
    this.takeOvertaking()
    const slicing = this.sliceCheckpoint(Math.min(budget, sliceKeysMax))
    let used = 0
    while (used < budget) {
      if (gate.blocked > 0) return used > 0 || slicing ? 'progress' : 'blocked'
      const done = this.invoke(budget - used)
      if (done === 0) break
      used += done
    }
    if (used >= budget) return 'progress'
    // Nothing more to read: what is buffered goes out, so that an idle pipeline has no latency.
    for (const output of outputs) output.flush()
    for (const sink of chain.sinks) sink.recheck()
    return used > 0 || slicing ? 'progress' : 'idle'
  }

  /** Some invocations, of whatever must come first. */
  private invoke(max: number): number {
    const { watermarks, head } = this.parts
    for (const { instance } of this.pullers) {
      if (instance.pull?.() === true) return 1
      // Whatever else may emit would give it more than it takes.
      if (instance.full === true) return this.signalsOnly(max)
    }
    if (watermarks.work()) return 1
    if (this.ending) return this.ending.next().value === 'waiting' ? 0 : 1
    // Not at the beginning of a step alone: there, something may always be left to pull.
    if (this.takeOvertaking() || watermarks.tick()) return 1
    const done = head.work(max)
    return this.askForWatermarks(done) ? Math.max(1, done) : done
  }

  /** A step is full: barriers go on, nothing that emits does. */
  private signalsOnly(max: number): number {
    if (this.takeOvertaking()) return 1
    return this.parts.watermarks.carrying || this.ending ? 0 : this.parts.head.work(max)
  }

  /** Once a batch, and when there is nothing more to read; true when there is a watermark to carry through. */
  private askForWatermarks(done: number): boolean {
    this.unasked += done
    if (done > 0 && this.unasked < this.askEvery) return false
    this.unasked = 0
    return this.ending === undefined && this.parts.watermarks.ask()
  }

  private makeRoom(): void {
    if (this.parts.gate.blocked === 0) return
    for (const output of this.parts.outputs) output.flush()
    for (const sink of this.parts.chain.sinks) sink.recheck()
  }

  /** C4: whether an output has room does not matter; whether an invocation is under way does. */
  private takeOvertaking(): boolean {
    const { overtaking, forwarded, parts } = this
    if (overtaking <= forwarded || this.ending || parts.watermarks.carrying) return false
    // A step that is full has closed the gate too, with nothing half done.
    const full = this.pullers.filter(({ instance }) => instance.full === true).length
    if (parts.gate.leftovers > full) return false
    return parts.head.overtake(overtaking as CheckpointId)
  }

  readonly onBarrier = (barrier: Barrier, channels: readonly HeadChannel[] = []): void => {
    const { chain, head, events } = this.parts
    this.dropCheckpoint()
    for (const { instance } of chain.operators) instance.flush?.()
    const recorded = channels.map(({ input, state }): RecordedChannel => {
      const link = this.plan.inputs[input]
      invariant(link !== undefined, `C4: task ${this.plan.id} has an input ${input}`)
      return { scope: link.channel, state }
    })
    const checkpoint = new TaskCheckpoint(barrier, chain, head.sections(), this.plan.index, recorded)
    this.checkpoint = checkpoint
    this.hit('task.captured', barrier)
    if (recorded.length > 0) this.hit('task.overtaken', barrier)
    this.forward(barrier)
    this.forwarded = barrier.checkpoint
    if (this.overtaking === this.forwarded) this.announce(barrier.checkpoint)
    events.wake()
  }

  private announce(checkpoint: CheckpointId): void {
    for (const { link } of this.parts.outputs) link.overtake(checkpoint)
  }

  readonly onWatermark = (watermark: Watermark): void => {
    this.parts.watermarks.enter(watermark)
  }

  readonly onEnded = (): void => {
    this.lifecycle.send({ type: 'inputsEnded' })
    this.ending = this.runOnEnd()
  }

  private *runOnEnd(): IterableIterator<EndTurn> {
    yield* this.parts.watermarks.end()
    this.ending = undefined
    this.lifecycle.send({ type: 'onEndRan' })
    this.forward({ kind: 'end' })
    this.parts.events.inputEnded()
  }

  private forward(signal: Signal): void {
    this.parts.outputs.forEach((output, index) => {
      output.signal(signal)
      if (index === 0 && signal.kind === 'barrier') this.hit('task.barrier-partly-sent', signal)
    })
  }

  /** C3: a slice of the running snapshot; when all is encoded, the upload goes on by itself. */
  private sliceCheckpoint(keysMax: number): boolean {
    const { checkpoint } = this
    if (!checkpoint) return false
    let progress: ReturnType<TaskCheckpoint['slice']>
    try {
      progress = checkpoint.slice(keysMax)
    } catch (error) {
      if (!(error instanceof ChannelStateError)) throw error
      this.dropCheckpoint()
      this.parts.events.declined(checkpoint.barrier.checkpoint, error)
      return false
    }
    if (progress !== 'done') return progress === 'working'
    this.checkpoint = undefined
    void this.upload(checkpoint)
    return false
  }

  private async upload(checkpoint: TaskCheckpoint): Promise<void> {
    let sections: readonly SectionDraft[]
    try {
      sections = await checkpoint.sections()
    } catch (error) {
      this.fail(error)
      return
    }
    if (this.lifecycle.is('stopped', 'failed')) return
    try {
      await this.parts.events.upload(checkpoint.barrier, sections)
    } catch (error) {
      this.fail(error)
    }
  }

  private dropCheckpoint(): void {
    if (!this.checkpoint) return
    this.checkpoint.close()
    this.checkpoint = undefined
    for (const { state } of this.parts.chain.operators) state?.endSnapshot()
  }

  private hit(name: FailpointName, barrier: Barrier): void {
    this.parts.ports.failpoints.hit(name, {
      task: this.plan.id,
      worker: this.plan.worker,
      checkpoint: barrier.checkpoint,
    })
  }

  /** Adds where the record came from to a step's error, where it is that record's. */
  private locate(error: unknown): unknown {
    if (!isTyped(error) || error.details.step === undefined || error.details.earlier === true) return error
    const position = this.parts.head.position()
    return new MillraceError(error.code, `${error.message} (task ${this.plan.id}, ${position})`, {
      retry: error.retry,
      cause: error,
      details: { ...error.details, task: this.plan.id, position },
    })
  }

  private async release(): Promise<void> {
    const { head, outputs, chain, ports, watermarks } = this.parts
    watermarks.close()
    for (const { instance } of chain.operators) instance.close?.()
    // Each on its own: one that fails to close must not keep the others open.
    const closers = [...outputs.map(({ link }) => link), head, ...chain.sinks]
    const closing = closers.map(async (closer) => closer.close())
    for (const outcome of await Promise.allSettled(closing)) {
      if (outcome.status === 'fulfilled') continue
      ports.log('warn', `task ${this.plan.id} did not close cleanly`, { error: String(outcome.reason) })
    }
  }
}
