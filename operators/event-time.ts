/** Which parts of a flow have event time: what comes behind a step that stamps records. */
import type { StepName } from '../core/ids.ts'
import { edgesInto, type Edge, type Graph } from './graph.ts'

/** Whether a stream's records carry an event time, and watermarks follow them. */
export type TimeKind = 'event' | 'none'

/** The steps whose results carry event time. */
export function timedSteps(graph: Graph): ReadonlySet<StepName> {
  const timed = new Set<StepName>()
  // Steps are in the order of building: a step's inputs exist before it.
  for (const step of graph.steps.values()) {
    const stamps = step.kind === 'operator' && step.definition.eventTime === 'stamps'
    if (stamps || edgesInto(graph, step.name).some((edge) => isTimed(edge, timed))) timed.add(step.name)
  }
  return timed
}

/** What was set aside has no event time: it may be aside because it had none. */
export const isTimed = (edge: Edge, timed: ReadonlySet<StepName>): boolean =>
  edge.output !== 'dead-letters' && timed.has(edge.from)
