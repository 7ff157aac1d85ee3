/**
 * One task's share of one checkpoint, from the barrier to the acknowledgement.
 *
 * - C3: everything is captured at the barrier; the barrier goes on at once; keyed state follows in slices (V1)
 *   and sinks seal while the stream goes on.
 * - C5: acknowledged only when all of it is durable.
 */
import { encodeValue } from '../../core/codec/index.ts'
import type { Barrier } from '../../core/elements.ts'
import type { KeyedSnapshot } from '../../operators/state/keyed-snapshot.ts'
import type { ChainRuntime } from './chain.ts'
import type { SectionDraft } from './sections.ts'
import type { SinkStepRuntime } from './sink-step.ts'

interface RunningStep {
  readonly step: SectionDraft['step']
  readonly version: number
  readonly snapshot: KeyedSnapshot
}

export class TaskCheckpoint {
  readonly barrier: Barrier
  private readonly drafts: SectionDraft[]
  private readonly running: readonly RunningStep[]
  private readonly sealing: Promise<readonly SectionDraft[]>

  constructor(
    barrier: Barrier,
    chain: ChainRuntime,
    headSections: readonly SectionDraft[],
    taskIndex: number,
  ) {
    this.barrier = barrier
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
    this.sealing = Promise.all(chain.sinks.map((sink) => sealSink(sink, barrier, taskIndex)))
    this.sealing.catch(() => undefined)
  }

  /** Encodes up to `keysMax` keys more of each step; true when nothing is left. */
  slice(keysMax: number): boolean {
    let done = true
    for (const { snapshot } of this.running) done = snapshot.slice(keysMax) && done
    return done
  }

  /** All sections, once `slice` answered true. */
  async sections(): Promise<readonly SectionDraft[]> {
    for (const { step, version, snapshot } of this.running) {
      for (const { group, chunks } of snapshot.sections()) {
        this.drafts.push({ step, version, scope: { kind: 'group', group }, chunks })
      }
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
