/** S1: which splits a source's task reads, and from where. Every task computes the same share-out. */
import type { SourceStep } from '../../operators/graph.ts'
import type { SourceContext } from '../../operators/source.ts'
import type { TaskPlan } from '../plan/plan.ts'
import { readSplitState } from '../task/source-head.ts'
import { unreadSplit, type SplitState } from '../task/split-feed.ts'
import type { RestoredCheckpoint } from './restored-checkpoint.ts'

export async function assignSplits(
  step: SourceStep,
  context: SourceContext,
  task: TaskPlan,
  restored: RestoredCheckpoint | undefined,
): Promise<readonly { readonly split: string; readonly state: SplitState }[]> {
  const states = new Map<string, SplitState>()
  for (const split of await step.definition.splits(context)) states.set(split, unreadSplit)
  for (const section of restored?.sections(step.name) ?? []) {
    if (section.scope.kind !== 'split') continue
    states.set(section.scope.split, readSplitState((await restored?.read(section)) ?? new Uint8Array()))
  }
  return [...states]
    .filter((_, i) => i % task.chain.parallelism === task.index)
    .map(([split, state]) => ({ split, state }))
}
