/** Whether a flow can go on from a manifest: of which job it is, and which steps were added or removed since. */
import type { CheckpointId, FlowName, StepName } from '../core/ids.ts'
import { RecoveryError } from './errors.ts'
import { channelLabel, sameChannel, type ChannelScope, type Manifest } from './manifest.ts'

export interface FlowFacts {
  readonly job: FlowName
  readonly fingerprint: string
  readonly keyGroups: number
  readonly steps: readonly StepName[]
}

export interface Difference {
  /** Have no state to restore and start afresh. */
  readonly added: readonly StepName[]
  /** Have state in the manifest that no step would take. */
  readonly removed: readonly StepName[]
}

export type Compatibility =
  | { readonly kind: 'same' }
  /** To be logged: it is a changed flow that takes this state over. */
  | { readonly kind: 'changed'; readonly difference: Difference; readonly description: string }

/**
 * Throws `JOB_DIFFERS`, `KEY_GROUPS_CHANGED`, or `STATE_WOULD_BE_LOST` unless every removed step is named in
 * `dropState`. What each step makes of its own state is the step's to judge.
 */
export function checkFingerprint(
  manifest: Manifest,
  flow: FlowFacts,
  consent: { readonly dropState?: readonly StepName[] } = {},
): Compatibility {
  const { checkpoint } = manifest
  if (manifest.job !== flow.job) {
    throw new RecoveryError(
      'JOB_DIFFERS',
      `checkpoint ${checkpoint} belongs to flow '${manifest.job}', this is '${flow.job}'; give each flow a store of its own`,
      { details: { expected: flow.job, found: manifest.job } },
    )
  }
  if (manifest.keyGroups !== flow.keyGroups) {
    throw new RecoveryError(
      'KEY_GROUPS_CHANGED',
      `checkpoint ${checkpoint} has ${manifest.keyGroups} key groups, this run ${flow.keyGroups}; their number is fixed at a job's first start: set it to ${manifest.keyGroups}`,
      { details: { expected: flow.keyGroups, found: manifest.keyGroups } },
    )
  }
  const difference = differenceOf(stepsWithState(manifest), flow.steps)
  const lost = difference.removed.filter((step) => consent.dropState?.includes(step) !== true)
  if (lost.length > 0) {
    throw new RecoveryError(
      'STATE_WOULD_BE_LOST',
      `checkpoint ${checkpoint} holds state of ${quoted(lost)}, which this flow does not have; ${describeDifference(difference)}. Name the step as before, or consent to lose its state (dropState)`,
      { details: { lost, ...difference } },
    )
  }
  if (manifest.fingerprint === flow.fingerprint) return { kind: 'same' }
  return { kind: 'changed', difference, description: describeDifference(difference) }
}

/**
 * C4: channel state is delivered to the link that it was recorded on; with another parallelism or fusion there is no
 * such link. Throws `RESCALE_UNALIGNED`. `aligned`: the newest checkpoint without channel state, if there is one.
 */
export function checkChannels(
  manifest: Manifest,
  run: { readonly links: readonly ChannelScope[]; readonly steps: readonly StepName[] },
  aligned: CheckpointId | null,
): void {
  const { checkpoint } = manifest
  // What a removed step held was dropped with consent.
  const kept = manifest.steps.filter(({ step }) => run.steps.includes(step))
  for (const { scope } of kept.flatMap(({ sections }) => sections)) {
    if (scope.kind !== 'channel' || run.links.some((link) => sameChannel(link, scope))) continue
    const label = channelLabel(scope)
    const instead = aligned === null ? '' : `, or restore the aligned checkpoint ${aligned}`
    throw new RecoveryError(
      'RESCALE_UNALIGNED',
      `checkpoint ${checkpoint} holds records that were on their way on ${label} (${scope.fromTasks} and ${scope.toTasks} tasks), and this run has no such link; start it with the parallelism and fusion of before and stop it, which makes an aligned checkpoint, then start it anew${instead}`,
      { details: { checkpoint, link: label, fromTasks: scope.fromTasks, toTasks: scope.toTasks, aligned } },
    )
  }
}

/** Without channel state: what any parallelism can start from. */
export const isAligned = ({ steps }: Manifest): boolean =>
  steps.every(({ sections }) => sections.every(({ scope }) => scope.kind !== 'channel'))

const stepsWithState = (manifest: Manifest): StepName[] =>
  manifest.steps.filter(({ sections }) => sections.length > 0).map(({ step }) => step)

export function differenceOf(manifest: readonly StepName[], flow: readonly StepName[]): Difference {
  return {
    added: flow.filter((step) => !manifest.includes(step)),
    removed: manifest.filter((step) => !flow.includes(step)),
  }
}

export function describeDifference({ added, removed }: Difference): string {
  const changes = [
    ...(removed.length > 0 ? [`gone since: ${quoted(removed)}`] : []),
    ...(added.length > 0 ? [`without stored state: ${quoted(added)}`] : []),
  ]
  return changes.length > 0 ? changes.join('; ') : 'the same steps in another arrangement'
}

const quoted = (steps: readonly StepName[]): string => steps.map((step) => `'${step}'`).join(', ')
