/**
 * What is collected is in the memory of the process that called `run`. The simulated runs of a flow share it, for a
 * checkpoint's values stay visible when the next one goes on from there. But a run that was replaced, and goes on for
 * a while, can clear no memory other than its own.
 */
import type { Graph, Step } from '../../../operators/graph.ts'
import type { SinkDefinition } from '../../../operators/sink.ts'

/** The same steps, as the run sees them that `isReplaced` is about. */
export const withOwnMemory = (graph: Graph, isReplaced: () => boolean): Graph => ({
  ...graph,
  steps: new Map([...graph.steps].map(([name, step]) => [name, seenBy(step, isReplaced)])),
})

function seenBy(step: Step, isReplaced: () => boolean): Step {
  if (step.kind !== 'sink' || !step.definition.accept) return step
  const { definition } = step
  const seen = Object.create(definition) as SinkDefinition<unknown>
  const prepare: SinkDefinition<unknown>['prepare'] = async (context) => {
    if (!isReplaced()) await definition.prepare?.(context)
  }
  return { ...step, definition: Object.assign(seen, { prepare }) }
}
