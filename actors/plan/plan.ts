/**
 * The physical plan: which steps fuse into one task, which tasks there are, and which links join them. A pure
 * function of the graph and a few numbers, so every process of a deployment computes the same one; link ids
 * are indexes in it.
 */
import { ConfigError } from '../../core/errors.ts'
import { linkId, taskId, type LinkId, type StepName, type TaskId, type WorkerId } from '../../core/ids.ts'
import { limits } from '../../core/limits.ts'
import { timedSteps } from '../../operators/event-time.ts'
import type { Edge, Graph } from '../../operators/graph.ts'
import type { ChannelScope } from '../../snapshot/manifest.ts'
import { placeTask } from './placement.ts'
import { fuseSteps, type Chain } from './fusion.ts'

export interface PlanOptions {
  readonly parallelism: number
  readonly keyGroups: number
  readonly workers: readonly WorkerId[]
  /** Default true. Output does not depend on it. */
  readonly fuse?: boolean
}

export interface Plan {
  readonly graph: Graph
  readonly keyGroups: number
  readonly chains: readonly Chain[]
  readonly tasks: readonly TaskPlan[]
  /** Steps whose results carry event time. */
  readonly timed: ReadonlySet<StepName>
}

export interface TaskPlan {
  readonly id: TaskId
  readonly chain: Chain
  readonly index: number
  readonly worker: WorkerId
  readonly inputs: readonly LinkPlan[]
  readonly outputs: readonly LinkPlan[]
}

export interface LinkPlan {
  readonly id: LinkId
  readonly edge: Edge
  readonly from: TaskId
  readonly fromWorker: WorkerId
  readonly to: TaskId
  readonly toWorker: WorkerId
  readonly toIndex: number
  /** C4: what its channel state is known by, over restarts. */
  readonly channel: ChannelScope
}

export function planJob(graph: Graph, options: PlanOptions): Plan {
  const chains = fuseSteps(graph, options)
  const chainOf = new Map<StepName, Chain>()
  for (const chain of chains) for (const step of chain.steps) chainOf.set(step, chain)
  const links = planLinks(graph, chainOf, options)
  const inputs = groupLinks(links, (link) => link.to)
  const outputs = groupLinks(links, (link) => link.from)
  const tasks = chains.flatMap((chain) => {
    if (chain.keyed && chain.parallelism > options.keyGroups) {
      throw new ConfigError(
        'PARALLELISM_ILLEGAL',
        `'${chain.head}' has parallelism ${chain.parallelism}, but there are only ${options.keyGroups} key groups, fixed at the job's first start`,
      )
    }
    return Array.from({ length: chain.parallelism }, (_, index): TaskPlan => {
      const id = taskId(chain.head, index)
      return {
        id,
        chain,
        index,
        worker: placeTask(index, options.workers),
        inputs: inputs.get(id) ?? [],
        outputs: outputs.get(id) ?? [],
      }
    })
  })
  checkBudget(tasks, options.workers)
  return { graph, keyGroups: options.keyGroups, chains, tasks, timed: timedSteps(graph) }
}

function planLinks(graph: Graph, chainOf: ReadonlyMap<StepName, Chain>, options: PlanOptions): LinkPlan[] {
  const links: LinkPlan[] = []
  for (const edge of graph.edges) {
    const from = chainOf.get(edge.from)
    const to = chainOf.get(edge.to)
    if (!from || !to || from === to) continue
    const nth = graph.edges.filter((other) => isParallel(other, edge)).indexOf(edge)
    const oneToOne = edge.partition.kind === 'forward' && from.parallelism === to.parallelism
    for (let i = 0; i < from.parallelism; i += 1) {
      for (let j = 0; j < to.parallelism; j += 1) {
        if (oneToOne && i !== j) continue
        links.push({
          id: linkId(links.length),
          edge,
          from: taskId(from.head, i),
          fromWorker: placeTask(i, options.workers),
          to: taskId(to.head, j),
          toWorker: placeTask(j, options.workers),
          toIndex: j,
          channel: {
            kind: 'channel',
            from: edge.from,
            output: edge.output,
            nth,
            fromIndex: i,
            fromTasks: from.parallelism,
            to: edge.to,
            toIndex: j,
            toTasks: to.parallelism,
          },
        })
      }
    }
  }
  return links
}

/** Edges that join the same steps are told apart by their order. */
const isParallel = (a: Edge, b: Edge): boolean => a.from === b.from && a.output === b.output && a.to === b.to

function groupLinks(links: readonly LinkPlan[], by: (link: LinkPlan) => TaskId): Map<TaskId, LinkPlan[]> {
  const groups = new Map<TaskId, LinkPlan[]>()
  for (const link of links) {
    const group = groups.get(by(link))
    if (group) group.push(link)
    else groups.set(by(link), [link])
  }
  return groups
}

/** L3: a worker whose links' reserves exceed its budget is refused before anything is deployed. */
function checkBudget(tasks: readonly TaskPlan[], workers: readonly WorkerId[]): void {
  for (const worker of workers) {
    const inputs = tasks.filter((task) => task.worker === worker).flatMap((task) => task.inputs)
    const remote = inputs.filter((link) => link.fromWorker !== worker).length
    if (remote * limits.linkReserveBytes <= limits.workerLinkBytesMax) continue
    throw new ConfigError(
      'LINK_BUDGET',
      `worker ${worker} would have ${remote} links of ${limits.linkReserveBytes} bytes reserve each, more than its ${limits.workerLinkBytesMax}; lower the parallelism or add workers`,
    )
  }
}
