/**
 * Fusion: steps joined by forward edges of equal parallelism, each the other's sole input, become one task in
 * which the next step is a function call away. With one task on both sides every edge is a forward edge.
 */
import type { StepName } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import { edgesInto, type Edge, type Graph, type Step } from '../../operators/graph.ts'

/** A tree of fused steps, in an order in which every step follows its input. */
export interface Chain {
  readonly head: StepName
  readonly steps: readonly StepName[]
  readonly parallelism: number
  readonly keyed: boolean
}

interface FusionOptions {
  readonly parallelism: number
  readonly fuse?: boolean
}

const parallelismOf = (step: Step, options: FusionOptions): number => step.parallelism ?? options.parallelism

export function fuseSteps(graph: Graph, options: FusionOptions): Chain[] {
  const heads = new Map<StepName, StepName[]>()
  const headOf = new Map<StepName, StepName>()
  // Steps are in the order of building: a step's inputs exist before it.
  for (const step of graph.steps.values()) {
    const into = edgesInto(graph, step.name)
    const sole = into[0]
    const upstream =
      into.length === 1 && sole && fusible(graph, sole, options) ? headOf.get(sole.from) : undefined
    const head = upstream ?? step.name
    headOf.set(step.name, head)
    heads.set(head, [...(heads.get(head) ?? []), step.name])
  }
  return [...heads].map(([head, steps]) => ({
    head,
    steps,
    parallelism: parallelismOf(stepOf(graph, head), options),
    keyed: steps.some((name) => isKeyed(stepOf(graph, name))),
  }))
}

function fusible(graph: Graph, edge: Edge, options: FusionOptions): boolean {
  if (options.fuse === false) return false
  const from = parallelismOf(stepOf(graph, edge.from), options)
  const to = parallelismOf(stepOf(graph, edge.to), options)
  return from === to && (edge.partition.kind === 'forward' || to === 1)
}

const isKeyed = (step: Step): boolean => step.kind === 'operator' && step.definition.keyed !== undefined

export function stepOf(graph: Graph, name: StepName): Step {
  const step = graph.steps.get(name)
  invariant(step !== undefined, `flow '${graph.name}' has a step '${name}'`)
  return step
}
