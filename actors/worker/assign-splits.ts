/** S1: which splits a source's task reads, and from where. Every task computes the same share-out. */
import { MillraceError } from '../../core/errors.ts'
import type { SourceStep } from '../../operators/graph.ts'
import type { Openings } from '../../operators/openings.ts'
import type { SourceContext } from '../../operators/source.ts'
import type { TaskPlan } from '../plan/plan.ts'
import { readSplitState } from '../task/source-head.ts'
import { unreadSplit, type SplitState } from '../task/split-feed.ts'
import type { RestoredCheckpoint } from './restored-checkpoint.ts'

interface AssignedSplits {
  readonly mine: readonly { readonly split: string; readonly state: SplitState }[]
  /** Those of all tasks. */
  readonly all: readonly string[]
}

export async function assignSplits(
  step: SourceStep,
  { context, openings }: { readonly context: SourceContext; readonly openings: Openings },
  task: TaskPlan,
  restored: RestoredCheckpoint | undefined,
): Promise<AssignedSplits> {
  const known = await step.definition.splits(context)
  const states = new Map<string, SplitState>(known.map((split) => [split, unreadSplit]))
  for (const section of restored?.sections(step.name) ?? []) {
    if (section.scope.kind !== 'split') continue
    const { split } = section.scope
    if (!states.has(split)) throw splitGone(step.name, split, known)
    states.set(split, readSplitState(step.name, (await restored?.read(section)) ?? new Uint8Array()))
  }
  const mine = [...states]
    .filter((_, i) => i % task.chain.parallelism === task.index)
    .map(([split, state]) => ({ split, state }))
  for (const { split, state } of mine) {
    // An ended split is not read again, but one that changed since must not go unnoticed: opening it checks.
    if (!state.ended) continue
    const reader = await step.definition.open(split, state.position, context)
    await openings.close(step.name, `close of split '${split}'`, () => reader.close())
  }
  return { mine, all: [...states.keys()] }
}

function splitGone(step: string, split: string, known: readonly string[]): MillraceError {
  return new MillraceError(
    'SOURCE_CHANGED',
    `source '${step}' does not have the split '${split}' any more, which the checkpoint holds; found ${known.slice(0, 5).join(', ')}${known.length > 5 ? ' …' : ''}. Give it the same input and options as before, or begin anew`,
    { retry: 'fatal', details: { step, split } },
  )
}
