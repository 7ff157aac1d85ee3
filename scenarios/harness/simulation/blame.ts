/** Which step is to blame for wrong output: the first whose results differ although what it received agrees. */
import type { StepName } from '../../../core/ids.ts'
import { edgesInto, type Graph, type Step } from '../../../operators/graph.ts'
import type { StepTally, Tally } from './taps.ts'

export type Totals = ReadonlyMap<StepName, StepTally>

export interface Blame {
  readonly step: StepName
  /** What differs there, in a sentence. */
  readonly what: string
}

export interface BlameFacts {
  readonly graph: Graph
  /** Of a run without failures. */
  readonly expected: Totals
  /** Of the run that failed. */
  readonly found: Totals
  /** Of a run without failures in which things came in another order: steps that differ there may differ anyway. */
  readonly reordered: Totals
}

/** Undefined where no single step stands out. */
export function blame(facts: BlameFacts): Blame | undefined {
  const { graph, expected, reordered } = facts
  // A flow is built from its sources on: every step follows its inputs.
  const steps = [...graph.steps.values()]
  const steady = steps.filter(({ name }) => agrees(expected.get(name), reordered.get(name)))
  return first(steady, facts) ?? first(steps, facts)
}

function first(steps: readonly Step[], facts: BlameFacts): Blame | undefined {
  for (const step of steps) {
    const found = judge(step, facts)
    if (found) return found
  }
  return undefined
}

function judge(step: Step, { graph, expected, found }: BlameFacts): Blame | undefined {
  const { name } = step
  const wanted = expected.get(name) ?? nothing
  const had = found.get(name) ?? nothing
  const received = difference(wanted.received, had.received)
  if (received) return judgeInput(step, graph, received)
  const emitted = step.kind === 'operator' ? difference(wanted.emitted, had.emitted) : undefined
  if (!emitted) return undefined
  return {
    step: name,
    what: `'${name}' received the same records and emitted others (${emitted}): does it keep state outside its cells, or depend on time or chance?`,
  }
}

/** Records that come straight from a source are the source's doing. */
function judgeInput({ name }: Step, graph: Graph, received: string): Blame | undefined {
  const [edge, other] = edgesInto(graph, name)
  const from = edge && !other ? graph.steps.get(edge.from) : undefined
  if (from?.kind !== 'source') return undefined
  return {
    step: from.name,
    what: `source '${from.name}' gave other records when it was read again (${received}): does it give the same from the same position?`,
  }
}

const nothing: StepTally = { received: new Map(), emitted: new Map() }

const agrees = (a = nothing, b = nothing): boolean =>
  difference(a.received, b.received) === undefined && difference(a.emitted, b.emitted) === undefined

/** The first that is missing and the first that is too much. */
function difference(expected: Tally, found: Tally): string | undefined {
  const missing = [...expected].find(([text, count]) => (found.get(text) ?? 0) < count)
  const extra = [...found].find(([text, count]) => (expected.get(text) ?? 0) < count)
  if (!missing && !extra) return undefined
  const parts = [missing && `missing ${missing[0]}`, extra && `instead ${extra[0]}`]
  return parts.filter((part) => part !== undefined).join(', ')
}
