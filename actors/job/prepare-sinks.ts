/** Whether the sinks agree to what the job continues from, and what they do before it does (C7, K4). */
import type { CheckpointId, Term } from '../../core/ids.ts'
import type { Graph, SinkStep } from '../../operators/graph.ts'
import { Openings } from '../../operators/openings.ts'
import type { SinkPrepareContext } from '../../operators/sink.ts'
import { checkSinks, type SinkAnswer } from '../../snapshot/recovery.ts'
import type { CheckpointStore } from '../../snapshot/store.ts'
import type { ResolvedOptions } from '../options.ts'
import { readStagedOutputs } from '../task/sink-step.ts'
import { RestoredCheckpoint } from '../worker/restored-checkpoint.ts'
import type { RestoreChoice } from './restore-choice.ts'

/** Asks every sink whether it may continue from there, then lets it clean up what nobody owns. */
export async function prepareSinks(
  graph: Graph,
  log: { readonly store: CheckpointStore; readonly term: Term },
  choice: RestoreChoice,
  options: ResolvedOptions,
): Promise<void> {
  const restored =
    choice.kind === 'restore' ? new RestoredCheckpoint(log.store, choice.from.manifest) : undefined
  const chosen = chosenBy(choice)
  const openings = new Openings(options.ports.timers, options.openMsMax)
  const sinks = [...graph.steps.values()].filter((step): step is SinkStep => step.kind === 'sink')
  const contexts = await Promise.all(
    sinks.map(async (sink) => ({
      sink,
      context: await contextOf(graph, sink, log.term, choice, restored, options),
    })),
  )
  if (choice.kind !== 'finished' && choice.older) {
    const { allowDuplicates } = options.checkpoints.restore
    checkSinks(
      chosen,
      await Promise.all(contexts.map(({ sink, context }) => askSink(sink, context, openings))),
      allowDuplicates === undefined ? {} : { allowDuplicates },
    )
  }
  for (const { sink, context } of contexts) {
    await openings.wait(sink.name, 'prepare', () => sink.definition.prepare?.(context))
  }
}

const chosenBy = (choice: RestoreChoice): CheckpointId | null =>
  choice.kind === 'restore' ? choice.from.manifest.checkpoint : null

async function askSink(
  { name, definition }: SinkStep,
  context: SinkPrepareContext,
  openings: Openings,
): Promise<SinkAnswer> {
  const ask = () => definition.lastCommitted?.(context)
  const lastCommitted = (await openings.wait(name, 'lastCommitted', ask)) ?? null
  return { step: name, guarantee: definition.guarantee, lastCommitted }
}

async function contextOf(
  graph: Graph,
  sink: SinkStep,
  term: Term,
  choice: RestoreChoice,
  restored: RestoredCheckpoint | undefined,
  options: ResolvedOptions,
): Promise<SinkPrepareContext> {
  const handles: unknown[] = []
  for (const section of restored?.sections(sink.name) ?? []) {
    if (section.scope.kind !== 'list' || !restored) continue
    const outputs = readStagedOutputs(sink.name, await restored.read(section))
    handles.push(...outputs.map((output) => output.handle))
  }
  const { files, log } = options.ports
  const { allowDuplicates } = options.checkpoints.restore
  return {
    job: graph.name,
    step: sink.name,
    term,
    files,
    log,
    restored: chosenBy(choice),
    handles,
    // K4 refuses output without a log; here the log is there, and a person chose to begin anew.
    allowOutput: choice.kind === 'fresh' && choice.older && allowDuplicates === true,
  }
}
