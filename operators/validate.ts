/** What a flow must be before it can run. Each error names the step and the mend. */
import { ConfigError } from '../core/errors.ts'
import { isTimed, timedSteps } from './event-time.ts'
import { edgesFrom, edgesInto, type Graph, type Step } from './graph.ts'

export function validateGraph(graph: Graph): void {
  const steps = [...graph.steps.values()]
  if (!steps.some((step) => step.kind === 'source')) {
    throw new ConfigError(
      'FLOW_NO_SOURCE',
      `flow '${graph.name}' has no source; begin with .source(name, from…)`,
    )
  }
  if (!steps.some((step) => step.kind === 'sink')) {
    throw new ConfigError(
      'FLOW_NO_SINK',
      `flow '${graph.name}' has no sink; end each branch with .sink(name, to…)`,
    )
  }
  for (const step of steps) checkOutputs(graph, step)
  checkEventTime(graph, steps)
}

function checkOutputs(graph: Graph, step: Step): void {
  if (step.kind === 'sink') return
  const edges = edgesFrom(graph, step.name)
  if (!edges.some((edge) => edge.output === 'main')) {
    const hint = step.kind === 'operator' && step.definition.kind === 'keyBy' ? 'aggregate it, then ' : ''
    throw new ConfigError(
      'FLOW_DANGLING',
      `the records of '${step.name}' go nowhere; ${hint}continue the stream or end it with .sink(name, to…)`,
      { step: step.name },
    )
  }
  for (const output of step.kind === 'operator' ? (step.definition.outputs ?? []) : []) {
    // Late records may be given up: that is what being late means where nobody asks for them. Dead letters: below.
    if (output === 'late' || output === 'dead-letters' || edges.some((edge) => edge.output === output))
      continue
    throw new ConfigError(
      'FLOW_DANGLING',
      `the side output '${output}' of '${step.name}' goes nowhere; continue .sideOutput(${output}) or take it out of \`outputs\``,
      { step: step.name },
    )
  }
  const wants = wantsDeadLetters(step)
  const has = edges.some((edge) => edge.output === 'dead-letters')
  if (wants && !has) {
    throw new ConfigError(
      'FLOW_DEAD_LETTERS',
      `'${step.name}' sets bad records aside, but its .deadLetters go nowhere; give them a sink`,
      { step: step.name },
    )
  }
  if (has && !wants) {
    const option = step.kind === 'source' ? "badRows: 'dead-letter'" : "onError: 'dead-letter'"
    throw new ConfigError(
      'FLOW_DEAD_LETTERS',
      `.deadLetters of '${step.name}' is used, but nothing would go there; pass ${option}`,
      { step: step.name },
    )
  }
}

const wantsDeadLetters = (step: Step): boolean =>
  step.kind === 'source'
    ? step.definition.deadLetters
    : step.kind === 'operator' && step.definition.onError === 'dead-letter'

function checkEventTime(graph: Graph, steps: readonly Step[]): void {
  const timed = timedSteps(graph)
  for (const step of steps) {
    if (step.kind !== 'operator') continue
    const { kind, eventTime, broadcast } = step.definition
    // Who knows the rules need not know the time.
    const inputs = edgesInto(graph, step.name).filter(({ input }) => !broadcast || input === 0)
    const without = inputs.filter((edge) => !isTimed(edge, timed))
    const missing =
      eventTime === 'needs' ? without.length > 0 : kind === 'union' && without.length < inputs.length
    if (!missing || without.length === 0) continue
    throw new ConfigError(
      'EVENT_TIME_MISSING',
      `'${step.name}' needs event time, which the records of ${without.map(({ from }) => `'${from}'`).join(', ')} do not have; put .eventTime(name, { atMs }) before it`,
      { step: step.name },
    )
  }
}
