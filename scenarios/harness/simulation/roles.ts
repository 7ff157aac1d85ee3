/** Who comes to a protocol moment: the coordinator, or a task by the kind of step that it begins with. */
import type { FailpointPlace } from '../../../core/ports/index.ts'
import type { Graph } from '../../../operators/graph.ts'

export const roles = ['coordinator', 'source', 'operator', 'sink'] as const
export type Role = (typeof roles)[number]

/** A sink's commit goes by the sink's name, whichever task it is in. */
export function roleOf(graph: Graph, { task }: FailpointPlace): Role {
  if (task === undefined) return 'coordinator'
  const name = task.replace(/\[.*/, '')
  for (const step of graph.steps.values()) if (step.name === name) return step.kind
  return 'operator'
}
