/** What may work and still go wrong: said once, when the job starts. */
import type { StepName } from '../core/ids.ts'
import { edgesInto, type Graph } from './graph.ts'

export interface FlowWarning {
  readonly step: StepName
  /**
   * `STATE_UNBOUNDED`: what a step keeps of a key is never let go, and keys are never few for ever. Not where all of
   * its input is bounded.
   */
  readonly code: 'STATE_UNBOUNDED'
  readonly message: string
}

export function flowWarnings(graph: Graph): readonly FlowWarning[] {
  const warnings: FlowWarning[] = []
  const endless = stepsWithoutEnd(graph)
  for (const step of graph.steps.values()) {
    if (step.kind !== 'operator' || step.definition.unbounded === undefined || !endless.has(step.name))
      continue
    warnings.push({
      step: step.name,
      code: 'STATE_UNBOUNDED',
      message: `'${step.name}' keeps state for every key it ever saw: ${step.definition.unbounded}`,
    })
  }
  return warnings
}

/** Which some source feeds that is not known to end. Steps are in the order of building: inputs come first. */
function stepsWithoutEnd(graph: Graph): ReadonlySet<StepName> {
  const endless = new Set<StepName>()
  for (const step of graph.steps.values()) {
    const isEndless =
      step.kind === 'source'
        ? step.definition.bounded !== true
        : edgesInto(graph, step.name).some(({ from }) => endless.has(from))
    if (isEndless) endless.add(step.name)
  }
  return endless
}
