/**
 * The cycles of a directed graph, one for each strongly connected part of more than one node (and each node that
 * leads to itself), as readable chains: `a → b → a`. Tarjan's algorithm (SIAM J. Comput. 1(2), 1972).
 */
export function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const indexOf = new Map<string, number>()
  const lowOf = new Map<string, number>()
  const stack: string[] = []
  const cycles: string[] = []

  const visit = (node: string): number => {
    const index = indexOf.size
    indexOf.set(node, index)
    lowOf.set(node, index)
    stack.push(node)
    for (const next of graph.get(node) ?? []) {
      const seen = indexOf.get(next)
      const low = seen === undefined ? visit(next) : stack.includes(next) ? seen : index
      lowOf.set(node, Math.min(lowOf.get(node) ?? index, low))
    }
    const low = lowOf.get(node) ?? index
    if (low === index) {
      const part = stack.splice(stack.indexOf(node))
      if (part.length > 1 || graph.get(node)?.includes(node)) cycles.push(chain(graph, new Set(part), node))
    }
    return low
  }

  for (const node of graph.keys()) if (!indexOf.has(node)) visit(node)
  return cycles
}

/** A shortest way from `start` back to itself inside `part`. */
function chain(
  graph: ReadonlyMap<string, readonly string[]>,
  part: ReadonlySet<string>,
  start: string,
): string {
  const cameFrom = new Map<string, string>()
  const queue = [start]
  for (const node of queue) {
    for (const next of graph.get(node) ?? []) {
      if (next === start) {
        const way = [start]
        for (let step: string | undefined = node; step !== undefined; step = cameFrom.get(step))
          way.unshift(step)
        return way.join(' → ')
      }
      if (!part.has(next) || cameFrom.has(next)) continue
      cameFrom.set(next, node)
      queue.push(next)
    }
  }
  return [...part].join(' → ')
}
