/** Where a scenario kills: a moment of the protocol, never a moment of a clock. */
import type { FailpointName } from '../../../core/ports/failpoints.ts'
import { edgesInto } from '../../../operators/graph.ts'
import type { Flow } from '../../../operators/flow.ts'
import type { Fault } from '../simulation/faults.ts'

export interface KillPoint {
  readonly at: FailpointName
  /** The worker that comes there, or the parent: the coordinator's process, with which its workers die. */
  readonly role: 'worker' | 'parent'
  /** Only in tasks of sources, of sinks, or of steps between them. Default: whichever comes there. */
  readonly task?: TaskPosition
  /** Which time, counted over all processes and restarts. Default 1. */
  readonly hit?: number
  /**
   * `kill` (default): `kill -9`; in one process without workers a worker's kill is a throw. `throw`: what stands there
   * fails. `stop`: the process stands still for `forMs` and then goes on.
   */
  readonly how?: 'kill' | 'throw' | 'stop'
  /** Virtual ms; over processes, the parent goes on once another has taken over. Default 1,000. */
  readonly forMs?: number
}

export type TaskPosition = 'first' | 'middle' | 'last'

/** The steps at that position. A task goes by the name of its first step, a sink's commit by the sink's. */
export function stepsAt(flow: Flow, position: TaskPosition): readonly string[] {
  const graph = flow.graph()
  return [...graph.steps.values()]
    .filter(({ name, kind }) => {
      if (edgesInto(graph, name).length === 0) return position === 'first'
      return position === (kind === 'sink' ? 'last' : 'middle')
    })
    .map(({ name }) => name)
}

export function faultOf(flow: Flow, point: KillPoint): Fault {
  const { at, role, task, hit = 1, how = 'kill', forMs } = point
  const actions = {
    kill: role === 'parent' ? 'killParent' : 'killWorker',
    stop: role === 'parent' ? 'stopParent' : 'stopWorker',
    throw: 'throw',
  } as const
  return {
    kind: 'failpoint',
    name: at,
    hit,
    action: actions[how],
    ...(task && { steps: stepsAt(flow, task) }),
    ...(forMs !== undefined && { forMs }),
  }
}
