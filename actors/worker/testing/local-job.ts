/**
 * For tests: every task of a flow in one thread, with links in memory, taken step by step in an order that a seed
 * decides; checkpoints are kept as their sections, and another job begins from them, with another parallelism.
 */
import type { Barrier } from '../../../core/elements.ts'
import { checkpointId, termNumber, workerId, type StepName } from '../../../core/ids.ts'
import { invariant } from '../../../core/invariant.ts'
import { below, type Random } from '../../../core/ports/random.ts'
import type { Ports } from '../../../core/ports/index.ts'
import type { VirtualTime } from '../../../core/simulated/time.ts'
import type { Flow } from '../../../operators/flow.ts'
import { Openings } from '../../../operators/openings.ts'
import type { SinkDefinition } from '../../../operators/sink.ts'
import type { Section } from '../../../snapshot/manifest.ts'
import { memoryLinks } from '../../../transport/memory/memory-links.ts'
import { planJob } from '../../plan/plan.ts'
import type { SectionDraft } from '../../task/sections.ts'
import type { Task } from '../../task/task.ts'
import { settle } from '../../task/testing/fakes.ts'
import { buildTask } from '../build-task.ts'
import type { RestoredCheckpoint } from '../restored-checkpoint.ts'
import { WorkerLinks } from '../worker-links.ts'

/** What all tasks acknowledged. */
export interface Checkpoint {
  readonly id: number
  readonly sections: readonly SectionDraft[]
}

export interface LocalJobOptions {
  readonly parallelism: number
  readonly random: Random
  readonly ports: Ports
  readonly time: VirtualTime
  readonly restored?: Checkpoint | undefined
}

export class LocalJob {
  readonly tasks: Task[] = []
  failure: Error | undefined
  private readonly options: LocalJobOptions
  private readonly uploads = new Map<number, SectionDraft[][]>()
  private ended = 0

  private constructor(options: LocalJobOptions) {
    this.options = options
  }

  static async open(flow: Flow, options: LocalJobOptions): Promise<LocalJob> {
    const job = new LocalJob(options)
    const worker = workerId('w0')
    const plan = planJob(flow.graph(), { parallelism: options.parallelism, keyGroups: 8, workers: [worker] })
    const links = new WorkerLinks(memoryLinks(), undefined)
    for (const task of plan.tasks) {
      job.tasks.push(
        await buildTask({
          plan,
          task,
          epoch: { term: termNumber(1), attempt: 1 },
          ports: options.ports,
          links,
          restored: options.restored && asRestored(options.restored),
          openings: new Openings(options.ports.timers, 60_000),
          deliver: async () => undefined,
          events: {
            wake: () => undefined,
            upload: async ({ checkpoint }: Barrier, sections) => {
              job.uploads.set(checkpoint, [...(job.uploads.get(checkpoint) ?? []), [...sections]])
            },
            declined: (_, error) => job.fail(error),
            inputEnded: () => void (job.ended += 1),
            committed: () => undefined,
            failed: (error) => job.fail(error),
          },
        }),
      )
    }
    for (const task of job.tasks) task.lifecycle.send({ type: 'restored' })
    return job
  }

  private fail(error: unknown): void {
    this.failure ??= error instanceof Error ? error : new Error(String(error))
  }

  /** Some steps of some tasks. */
  async run(steps: number): Promise<void> {
    const { random, time } = this.options
    for (let i = 0; i < steps; i += 1) {
      this.tasks[below(random, this.tasks.length)]?.step(1 + below(random, 6))
      if (below(random, 10) === 0) time.runNext()
      await settle()
      if (this.failure) throw this.failure
    }
  }

  /** Triggers a checkpoint and goes on until every task acknowledged it. */
  async checkpoint(id: number): Promise<Checkpoint> {
    for (const task of this.tasks)
      task.trigger({ kind: 'barrier', checkpoint: checkpointId(id), final: false })
    await this.until(() => this.uploads.get(id)?.length === this.tasks.length)
    return { id, sections: (this.uploads.get(id) ?? []).flat() }
  }

  async finish(): Promise<void> {
    await this.until(() => this.ended === this.tasks.length)
  }

  async until(reached: () => boolean): Promise<void> {
    for (let turns = 0; !reached(); turns += 1) {
      invariant(turns < 20_000, 'a job without failures gets there')
      await this.run(5)
    }
  }

  async crash(): Promise<void> {
    for (const task of this.tasks) await task.stop()
  }
}

function asRestored({ sections }: Checkpoint): RestoredCheckpoint {
  const bytes = new Map<Section, Uint8Array>()
  const all = sections.map((draft) => {
    const section: Section = { scope: draft.scope, content: { kind: 'inline', bytes: new Uint8Array() } }
    bytes.set(section, Buffer.concat(draft.chunks))
    return { step: draft.step, section }
  })
  const restored: Pick<RestoredCheckpoint, 'sections' | 'read'> = {
    sections: (step: StepName) => all.filter((each) => each.step === step).map(({ section }) => section),
    read: async (section) => bytes.get(section) ?? new Uint8Array(),
  }
  return restored as RestoredCheckpoint
}

/** What a sink was given, undone by a crash as far as the restored checkpoint does not hold it. */
export class Captured<T> {
  private written: { readonly at: object; readonly record: T }[] = []
  private cuts: { readonly at: object; readonly checkpoint: number; readonly length: number }[] = []

  get records(): readonly T[] {
    return this.written.map(({ record }) => record)
  }

  sink(): SinkDefinition<T> {
    return {
      kind: 'captured',
      guarantee: 'exactly-once',
      open: async () => {
        const at = {}
        return {
          full: false,
          write: (record) => void this.written.push({ at, record }),
          barrier: async (checkpoint) => {
            this.cuts.push({ at, checkpoint, length: this.written.filter((each) => each.at === at).length })
            return null
          },
          commit: async () => undefined,
          close: async () => undefined,
        }
      },
    }
  }

  /** Back to what a checkpoint holds; undefined: to nothing. Earlier jobs' output that it holds is `kept`. */
  restore(checkpoint: Checkpoint | undefined): void {
    const kept: typeof this.written = []
    const counts = new Map<object, number>()
    for (const each of this.written) {
      const seen = counts.get(each.at) ?? 0
      counts.set(each.at, seen + 1)
      const cut = this.cuts.find(({ at, checkpoint: id }) => at === each.at && id === checkpoint?.id)
      if (each.at === this.settled || (cut !== undefined && seen < cut.length)) kept.push(each)
    }
    // A restore of an older checkpoint than the last would need more; these tests restore the last.
    this.written = kept.map(({ record }) => ({ at: this.settled, record }))
  }

  /** Whose output a restored checkpoint holds already. */
  private readonly settled = {}
}
