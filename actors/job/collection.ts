/** Committed values of sinks that live in this process (`collect`): each (task, checkpoint) is taken once. */
import type { Graph } from '../../operators/graph.ts'
import type { FromWorker } from '../worker/messages.ts'

export class Collection {
  private readonly graph: Graph

  constructor(graph: Graph) {
    this.graph = graph
  }

  accept({ step, task, checkpoint, values }: Extract<FromWorker, { kind: 'delivered' }>): void {
    const found = this.graph.steps.get(step)
    if (found?.kind === 'sink') found.definition.accept?.(task, checkpoint, values)
  }
}
