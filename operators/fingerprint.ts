/** What a checkpoint's state depends on: steps, kinds, state and edges; not parallelism, not fusion. */
import { createHash } from 'node:crypto'
import type { Graph, Step } from './graph.ts'

export function describeGraph(graph: Graph): readonly string[] {
  const steps = [...graph.steps.values()].map(describeStep)
  const edges = graph.edges.map(
    ({ from, output, to, input, partition }) =>
      `edge ${from}.${output} → ${to}${input === 0 ? '' : `.${input}`} ${partition.kind}`,
  )
  return [...steps, ...edges].sort()
}

/** SHA-256 of `describeGraph`, hex. */
export const fingerprint = (graph: Graph): string =>
  createHash('sha256').update(describeGraph(graph).join('\n')).digest('hex')

function describeStep(step: Step): string {
  const state =
    step.kind === 'operator' && step.definition.keyed
      ? ` {${step.definition.keyed.state.cells.map(({ name, declaration }) => `${name}: ${declaration.kind}`).join(', ')}}`
      : ''
  const maps = step.kind === 'operator' ? step.definition.broadcast : undefined
  const broadcast = maps ? ` broadcast {${maps.join(', ')}}` : ''
  return `${step.kind} ${step.name}: ${step.definition.kind}${state}${broadcast}`
}
