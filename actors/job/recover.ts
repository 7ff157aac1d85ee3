/** What the job continues from, and whether its sinks agree (C7, K4, E3). */
import { checkpointId, stepName, workerId, type CheckpointId } from '../../core/ids.ts'
import { fingerprint } from '../../operators/fingerprint.ts'
import type { Graph, SinkStep } from '../../operators/graph.ts'
import { Openings } from '../../operators/openings.ts'
import type { SinkPrepareContext } from '../../operators/sink.ts'
import { checkChannels, checkFingerprint, isAligned } from '../../snapshot/compatibility.ts'
import type { History, LoggedCheckpoint } from '../../snapshot/log/index.ts'
import { checkSinks, chooseRecovery, type RecoveryRequest, type SinkAnswer } from '../../snapshot/recovery.ts'
import type { CheckpointStore } from '../../snapshot/store.ts'
import type { MillraceError } from '../../core/errors.ts'
import type { Term } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import type { ChannelScope } from '../../snapshot/manifest.ts'
import type { ResolvedOptions } from '../options.ts'
import { planJob } from '../plan/plan.ts'
import { readStagedOutputs } from '../task/sink-step.ts'
import { RestoredCheckpoint } from '../worker/restored-checkpoint.ts'

export type RestoreChoice =
  | { readonly kind: 'fresh'; readonly older: boolean }
  | { readonly kind: 'restore'; readonly from: LoggedCheckpoint; readonly older: boolean }
  | { readonly kind: 'finished' }

export interface RestoreFacts {
  readonly history: History
  readonly term: Term
  readonly unusable: ReadonlyMap<CheckpointId, MillraceError>
}

/** Throws a RecoveryError where continuing would not be exact; it names the consent that would allow it. */
export function chooseRestore(graph: Graph, facts: RestoreFacts, options: ResolvedOptions): RestoreChoice {
  const choice = chooseRecovery(facts, requestOf(options))
  if (choice.kind !== 'restore') return choice
  const { dropState } = options.checkpoints.restore
  const compatibility = checkFingerprint(
    choice.manifest,
    {
      job: graph.name,
      fingerprint: fingerprint(graph),
      keyGroups: options.keyGroups,
      steps: [...graph.steps.keys()],
    },
    dropState === undefined ? {} : { dropState: dropState.map(stepName) },
  )
  if (compatibility.kind === 'changed') {
    options.ports.log('warn', `the flow changed since checkpoint ${choice.manifest.checkpoint}`, {
      what: compatibility.description,
    })
  }
  const run = { links: channelsOf(graph, options), steps: [...graph.steps.keys()] }
  checkChannels(choice.manifest, run, newestAligned(facts.history))
  const from = facts.history.checkpoints.findLast(({ manifest }) => manifest === choice.manifest)
  invariant(from !== undefined, 'C7: a chosen checkpoint is in the log')
  return { kind: 'restore', from, older: choice.older }
}

/** The links of this run, wherever its workers are. */
function channelsOf(graph: Graph, { parallelism, keyGroups, fuse }: ResolvedOptions): ChannelScope[] {
  const plan = planJob(graph, { parallelism, keyGroups, fuse, workers: [workerId('w0')] })
  return plan.tasks.flatMap(({ inputs }) => inputs.map(({ channel }) => channel))
}

const newestAligned = ({ checkpoints }: History): CheckpointId | null =>
  checkpoints.findLast(({ manifest }) => isAligned(manifest))?.manifest.checkpoint ?? null

function requestOf({ checkpoints }: ResolvedOptions): RecoveryRequest {
  const { checkpoint, allowOlder } = checkpoints.restore
  return {
    ...(checkpoint !== undefined && {
      checkpoint: checkpoint === 'none' ? 'none' : checkpointId(checkpoint),
    }),
    ...(allowOlder !== undefined && { allowOlder: checkpointId(allowOlder) }),
  }
}

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
