/** C7: what the job continues from, by what its log says and a person asked for. */
import { checkpointId, stepName, workerId, type CheckpointId, type Term } from '../../core/ids.ts'
import type { MillraceError } from '../../core/errors.ts'
import { invariant } from '../../core/invariant.ts'
import { fingerprint } from '../../operators/fingerprint.ts'
import type { Graph } from '../../operators/graph.ts'
import { checkChannels, checkFingerprint, isAligned } from '../../snapshot/compatibility.ts'
import type { History, LoggedCheckpoint } from '../../snapshot/log/index.ts'
import type { ChannelScope } from '../../snapshot/manifest.ts'
import { chooseRecovery, type RecoveryRequest } from '../../snapshot/recovery.ts'
import type { ResolvedOptions } from '../options.ts'
import { planJob } from '../plan/plan.ts'

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
