/**
 * Which split or key group a step's record in hand belongs to, as far as steps of the same task can tell: records of
 * one lane keep their order, and go together when the number of tasks changes.
 */
import type { StepName } from '../../core/ids.ts'
import { edgesInto, type Graph } from '../../operators/graph.ts'
import type { Lane, SplitRegister } from '../../operators/operator.ts'
import { stepOf } from '../plan/fusion.ts'
import type { OperatorNode } from './chain.ts'

type LaneInHand = () => Lane | undefined

/** Undefined where nobody can tell. */
export function laneInto(
  graph: Graph,
  name: StepName,
  task: {
    /** Of the source at the task's head. */
    readonly splits: SplitRegister | undefined
    readonly runsHere: (step: StepName) => boolean
    /** Of a step that runs here, once all were made. */
    readonly nodeOf: (step: StepName) => OperatorNode | undefined
  },
): LaneInHand | undefined {
  const before = soleInput(graph, name)
  if (before === undefined || !task.runsHere(before)) return undefined
  const step = stepOf(graph, before)
  const { splits } = task
  if (step.kind === 'source') return splits && (() => splits.splits[splits.current])
  if (step.kind !== 'operator') return undefined
  if (step.definition.keyed) return () => task.nodeOf(before)?.state?.currentGroup()
  if (step.definition.defers === true) return () => task.nodeOf(before)?.instance.lane
  return laneInto(graph, before, task)
}

/** Whether each of a step's records is of the split that its source has in hand. */
export function isOfSplit(graph: Graph, name: StepName): boolean {
  const before = soleInput(graph, name)
  const step = before === undefined ? undefined : stepOf(graph, before)
  if (step?.kind !== 'operator') return step !== undefined
  const { keyed, defers = false } = step.definition
  return !keyed && !defers && isOfSplit(graph, step.name)
}

function soleInput(graph: Graph, name: StepName): StepName | undefined {
  const [edge, other] = edgesInto(graph, name)
  return other ? undefined : edge?.from
}
