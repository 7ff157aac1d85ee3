/** What may work and still go wrong: said once, when the job starts. */
import type { StepName } from '../core/ids.ts'
import type { Graph } from './graph.ts'

export interface FlowWarning {
  readonly step: StepName
  /** `STATE_UNBOUNDED`: what a step keeps of a key is never let go, and keys are never few for ever. */
  readonly code: 'STATE_UNBOUNDED'
  readonly message: string
}

export function flowWarnings(graph: Graph): readonly FlowWarning[] {
  const warnings: FlowWarning[] = []
  for (const step of graph.steps.values()) {
    if (step.kind !== 'operator' || step.definition.unbounded === undefined) continue
    warnings.push({
      step: step.name,
      code: 'STATE_UNBOUNDED',
      message: `'${step.name}' keeps state for every key it ever saw: ${step.definition.unbounded}`,
    })
  }
  return warnings
}
