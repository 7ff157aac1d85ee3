/** The fused steps of one task, wired: each step's results call the next one's `onRecord`. */
import { outputUnknown } from '../../operators/errors.ts'
import type {
  Emit,
  InlineForm,
  Lane,
  OperatorContext,
  OperatorInstance,
  SplitRegister,
  TimeRegister,
} from '../../operators/operator.ts'
import {
  edgesFrom,
  edgesInto,
  type Edge,
  type Graph,
  type OperatorStep,
  type OutputName,
} from '../../operators/graph.ts'
import { groupRange } from '../../core/keys/index.ts'
import type { StepName } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import type { Ports } from '../../core/ports/index.ts'
import { KeyedState } from '../../operators/state/keyed-state.ts'
import { isTimed } from '../../operators/event-time.ts'
import { clockTimersOnly } from '../../operators/state/clock-timers.ts'
import { guardedInstance } from '../../operators/steps/poison.ts'
import { stepOf, type Chain } from '../plan/fusion.ts'
import type { Plan, TaskPlan } from '../plan/plan.ts'
import { fusedLoop, type Drain, type InlineStep } from './fused-loop.ts'
import type { Gate } from './gate.ts'
import { isOfSplit, laneInto } from './lanes.ts'
import type { SinkStepRuntime } from './sink-step.ts'
import { TaskStepClock } from './step-clock.ts'

export interface OperatorNode {
  readonly name: StepName
  readonly step: OperatorStep
  readonly instance: OperatorInstance
  readonly state: KeyedState | undefined
  readonly clock: TaskStepClock
  /** Its records have event time. */
  readonly timed: boolean
  /** Late records that were given up, since nobody continues the step's `.late`. Part of every snapshot. */
  readonly late: { dropped: number }
  /** The step of this task that its records come from; undefined for the task's first step, and behind a source. */
  readonly follows: StepName | undefined
}

export interface ChainRuntime {
  /** Invokes the head with records that came in, or that the source read. */
  readonly drain: Drain
  /** The same for the second input, where the head has one. */
  readonly drainSecond: Drain | undefined
  /** Where a source's bad rows go. */
  readonly deadLetters: Emit
  /** In an order in which every step follows its input. */
  readonly operators: readonly OperatorNode[]
  readonly sinks: readonly SinkStepRuntime[]
}

export interface ChainParts {
  readonly plan: Plan
  readonly task: TaskPlan
  readonly sinks: ReadonlyMap<StepName, SinkStepRuntime>
  readonly gate: Gate
  readonly register: TimeRegister
  /** Of the source at the task's head. */
  readonly splits?: SplitRegister | undefined
  readonly ports: Pick<Ports, 'clock' | 'timers' | 'random' | 'log'>
  readonly wake: () => void
  /** The emit of an edge that leaves the task. */
  readonly leaving: (edge: Edge) => Emit
  readonly skipped: (step: StepName, error: unknown) => void
}

type EmitOf = (from: StepName, output: OutputName) => Emit

export function buildChain(parts: ChainParts): ChainRuntime {
  const { plan, task } = parts
  const { graph } = plan
  const entries = new Map<StepName, Emit>()
  const operators: OperatorNode[] = []
  const nodes = new Map<StepName, OperatorNode>()

  const emitOf: EmitOf = (from, output) => {
    const targets = edgesFrom(graph, from)
      .filter((edge) => edge.output === output)
      .map((edge) => entries.get(edge.to) ?? parts.leaving(edge))
    return join(targets)
  }

  for (const name of [...task.chain.steps].reverse()) {
    const step = stepOf(graph, name)
    if (step.kind === 'operator') {
      const lane = laneInto(graph, name, {
        splits: parts.splits,
        runsHere: (other) => task.chain.steps.includes(other),
        nodeOf: (other) => nodes.get(other),
      })
      const node = makeOperator(parts, step, { emitOf, lane })
      nodes.set(name, node)
      operators.unshift(node)
      entries.set(name, (record) => node.instance.onRecord(record))
    } else if (step.kind === 'sink') {
      const sink = parts.sinks.get(name)
      invariant(sink !== undefined, `sink '${name}' is open`)
      entries.set(name, (record) => sink.write(record))
    }
  }
  const { head } = task.chain
  const inline = inlineRun(plan.graph, task.chain, operators)
  const last = inline.at(-1)
  const tail = last ? emitOf(last.name, 'main') : (entries.get(head) ?? emitOf(head, 'main'))
  const timedInput = task.inputs.some((link) => isTimed(link.edge, plan.timed))
  return {
    drain: fusedLoop(inline, tail, timedInput ? parts.register : undefined),
    drainSecond: secondDrain(operators[0], head, timedInput ? parts.register : undefined),
    deadLetters: emitOf(head, 'dead-letters'),
    operators,
    sinks: [...parts.sinks.values()],
  }
}

function secondDrain(
  first: OperatorNode | undefined,
  head: StepName,
  register: TimeRegister | undefined,
): Drain | undefined {
  const instance = first?.name === head ? first.instance : undefined
  return instance?.onSecond && fusedLoop([], (record) => instance.onSecond?.(record), register)
}

/** The stateless steps, one behind the other, with which every record begins. */
function inlineRun(graph: Graph, chain: Chain, operators: readonly OperatorNode[]): InlineStep[] {
  const run: InlineStep[] = []
  const head = stepOf(graph, chain.head)
  let next: StepName | undefined = head.kind === 'source' ? soleConsumer(graph, chain, head.name) : head.name
  while (next !== undefined) {
    const step = stepOf(graph, next)
    if (step.kind !== 'operator' || step.definition.onError !== 'fail' || !step.definition.inline) break
    run.push({ name: next, form: bound(step.definition.inline, step.name, operators) })
    next = soleConsumer(graph, chain, next)
  }
  return run
}

function bound(form: InlineForm, name: StepName, operators: readonly OperatorNode[]): InlineStep['form'] {
  if (form.kind !== 'tap') return form
  const instance = operators.find((node) => node.name === name)?.instance
  return { kind: 'tap', fn: (record) => instance?.tap?.(record) }
}

function soleConsumer(graph: Graph, chain: Chain, step: StepName): StepName | undefined {
  const [edge, other] = edgesFrom(graph, step).filter(({ output }) => output === 'main')
  return edge && !other && chain.steps.includes(edge.to) ? edge.to : undefined
}

function makeOperator(
  parts: ChainParts,
  step: OperatorStep,
  { emitOf, lane }: { readonly emitOf: EmitOf; readonly lane: (() => Lane | undefined) | undefined },
): OperatorNode {
  const { plan, task } = parts
  const { definition, name } = step
  const state = definition.keyed
    ? new KeyedState({
        step: name,
        schema: definition.keyed.state,
        keyGroups: plan.keyGroups,
        ...groupRange(task.index, task.chain.parallelism, plan.keyGroups),
      })
    : undefined
  const timed = plan.timed.has(name)
  const late = { dropped: 0 }
  const heard = edgesFrom(plan.graph, name).some(({ output }) => output === 'late')
  const givenUp = heard ? undefined : (): void => void (late.dropped += 1)
  const clock = new TaskStepClock(() => Math.floor(parts.ports.clock.wallMs()), state)
  const context: OperatorContext = {
    step: name,
    emit: emitOf(name, 'main'),
    emitTo: sideEmit(step, emitOf, givenUp),
    gate: parts.gate,
    // Where there is no event time, nobody must see another step's.
    time: timed ? parts.register : { recordMs: NaN },
    clock,
    inTask: (other) => task.chain.steps.includes(other),
    ports: parts.ports,
    wake: parts.wake,
    parallelism: task.chain.parallelism,
    taskIndex: task.index,
    ...(state && { state }),
    ...(state?.timers && { timers: timed ? state.timers : clockTimersOnly(name, state.timers) }),
    ...(parts.splits && isOfSplit(plan.graph, name) && { splits: parts.splits }),
    ...(lane && { lane }),
  }
  const instance =
    definition.onError === 'fail' || definition.defers === true
      ? definition.create(context)
      : guardedInstance(definition, {
          context,
          skipped: (error) => parts.skipped(name, error),
          ...(definition.onError === 'dead-letter' && { deadLetter: emitOf(name, 'dead-letters') }),
        })
  const before = name === task.chain.head ? undefined : edgesInto(plan.graph, name)[0]?.from
  const follows = before && stepOf(plan.graph, before).kind === 'operator' ? before : undefined
  return { name, step, instance, state, clock, timed, late, follows }
}

function sideEmit(
  { name, definition }: OperatorStep,
  emitOf: EmitOf,
  late: Emit | undefined,
): OperatorContext['emitTo'] {
  const emits = (output: OutputName): Emit => (output === 'late' && late) || emitOf(name, output)
  const sides = new Map((definition.outputs ?? []).map((output) => [output, emits(output)]))
  return (output, record) => {
    const emit = sides.get(output)
    if (!emit) throw outputUnknown(name, output, [...sides.keys()])
    emit(record)
  }
}

function join(targets: readonly Emit[]): Emit {
  const [first, second] = targets
  if (!first) return () => undefined
  if (!second) return first
  return (record) => {
    for (const target of targets) target(record)
  }
}
