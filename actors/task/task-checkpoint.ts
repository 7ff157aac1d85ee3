/**
 * One task's share of one checkpoint, from the barrier to the acknowledgement.
 *
 * - C3: everything is captured at the barrier; the barrier goes on at once; keyed state follows in slices (V1)
 *   and sinks seal while the stream goes on.
 * - C4: what overtaken barriers left on the way is added when all of it has come.
 * - C5: acknowledged only when all of it is durable.
 */
import { encodeValue } from '../../core/codec/index.ts'
import type { Barrier } from '../../core/elements.ts'
import type { KeyedSnapshot } from '../../operators/state/keyed-snapshot.ts'
import type { ChainRuntime } from './chain.ts'
import { unkeyedSections } from './unkeyed.ts'
import type { SectionDraft } from './sections.ts'
import type { SinkStepRuntime } from './sink-step.ts'
import { TaskChannels, type RecordedChannel } from './task-channels.ts'

interface RunningStep {
  readonly step: SectionDraft['step']
  readonly version: number
  readonly snapshot: KeyedSnapshot
}

export class TaskCheckpoint {
  readonly barrier: Barrier
  private readonly drafts: SectionDraft[]
  private readonly running: readonly RunningStep[]
  private readonly channels: TaskChannels
  private readonly sealing: Promise<readonly SectionDraft[]>

  constructor(
    barrier: Barrier,
    chain: ChainRuntime,
    headSections: readonly SectionDraft[],
    taskIndex: number,
    channels: readonly RecordedChannel[] = [],
  ) {
    this.barrier = barrier
    this.channels = new TaskChannels(channels)
    this.drafts = [...headSections]
    this.running = chain.operators.flatMap(({ name, state, step }) =>
      state
        ? [
            {
              step: name,
              version: step.definition.keyed?.state.version ?? 1,
              snapshot: state.beginSnapshot(),
            },
          ]
        : [],
    )
    for (const node of chain.operators) this.drafts.push(...unkeyedSections(node, taskIndex))
    this.sealing = Promise.all(chain.sinks.map((sink) => sealSink(sink, barrier, taskIndex)))
    this.sealing.catch(() => undefined)
  }

  /**
   * Encodes up to `keysMax` keys more of each step, then of what was on its way; `waiting`: for more of that. Throws
   * ChannelStateError, which fails this checkpoint alone.
   */
  slice(keysMax: number): 'working' | 'waiting' | 'done' {
    let done = true
    for (const { snapshot } of this.running) done = snapshot.slice(keysMax) && done
    const channels = this.channels.slice()
    return done ? channels : 'working'
  }

  /** Nothing of it is needed any more. */
  close(): void {
    this.channels.close()
  }

  /** All sections, once `slice` answered true. */
  async sections(): Promise<readonly SectionDraft[]> {
    for (const { step, version, snapshot } of this.running) {
      for (const { group, chunks } of snapshot.sections()) {
        this.drafts.push({ step, version, scope: { kind: 'group', group }, chunks })
      }
    }
    for (const { scope, chunks } of this.channels.sections) {
      const version = this.running.find(({ step }) => step === scope.to)?.version ?? 1
      this.drafts.push({ step: scope.to, version, scope, chunks })
    }
    return [...this.drafts, ...(await this.sealing)]
  }
}

async function sealSink(sink: SinkStepRuntime, barrier: Barrier, taskIndex: number): Promise<SectionDraft> {
  const outputs = await sink.barrier(barrier.checkpoint)
  return {
    step: sink.step,
    version: 1,
    scope: { kind: 'list', index: taskIndex },
    chunks: [encodeValue(outputs)],
  }
}
