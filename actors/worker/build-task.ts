/** Makes one task of a deployment: restores its state, opens its sinks and links, wires its chain. */
import type { Barrier } from '../../core/elements.ts'
import type { Epoch, StepName } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import type { FailpointName, Ports } from '../../core/ports/index.ts'
import type { SinkContext } from '../../operators/sink.ts'
import type { Edge, SourceStep } from '../../operators/graph.ts'
import type { Openings } from '../../operators/openings.ts'
import type { SourceContext } from '../../operators/source.ts'
import type { Emit, SplitRegister, TimeRegister } from '../../operators/operator.ts'
import { isTimed } from '../../operators/event-time.ts'
import { openGroup } from '../../operators/state/restore.ts'
import type { ChannelFrame, LinkInput, LinkSpec } from '../../transport/link.ts'
import { stepOf } from '../plan/fusion.ts'
import type { LinkPlan, Plan, TaskPlan } from '../plan/plan.ts'
import { groupRange } from '../../core/keys/index.ts'
import { buildChain, type ChainRuntime } from '../task/chain.ts'
import { openGate, type Gate } from '../task/gate.ts'
import type { Head, HeadEvents, HeadTarget } from '../task/head.ts'
import { InputHead } from '../task/input-head.ts'
import { LinkBuffer, partitionEmit } from '../task/output.ts'
import { ReplayedInput } from '../task/replayed-input.ts'
import { readStagedOutputs, SinkStepRuntime, type StagedOutput } from '../task/sink-step.ts'
import { SourceHead } from '../task/source-head.ts'
import type { SplitState } from '../task/split-feed.ts'
import { Task, type TaskEvents } from '../task/task.ts'
import { restoreUnkeyed, type RestoredTask, type UnkeyedSource } from '../task/unkeyed.ts'
import { WatermarkFlow } from '../task/watermark-flow.ts'
import { assignSplits } from './assign-splits.ts'
import { restoredChannel } from './restored-channel.ts'
import type { RestoredCheckpoint } from './restored-checkpoint.ts'
import type { WorkerLinks } from './worker-links.ts'

export interface TaskContext {
  readonly plan: Plan
  readonly task: TaskPlan
  readonly epoch: Epoch
  readonly ports: Ports
  readonly links: WorkerLinks
  readonly restored: RestoredCheckpoint | undefined
  readonly events: TaskEvents
  readonly openings: Openings
  readonly deliver: (step: StepName, ...values: Parameters<SinkContext['deliver']>) => Promise<void>
}

/**
 * Rejects with what failed; whatever had been opened by then is closed again. Nobody waits for that: what failed to open
 * in time may not close in time either.
 */
export async function buildTask(context: TaskContext): Promise<Task> {
  const opened: Closing[] = []
  try {
    return await build(context, opened)
  } catch (error) {
    for (const close of opened) void (async () => close())().catch(() => undefined)
    throw error
  }
}

type Closing = () => void | Promise<void>

async function build(context: TaskContext, opened: Closing[]): Promise<Task> {
  const { plan, task, ports, events } = context
  const gate = openGate()
  const register: TimeRegister = { recordMs: NaN }
  const source = await openSource(context)
  const sinks = await openSinks(context, gate, opened)
  const buffers = new Map<LinkPlan, LinkBuffer>()
  for (const link of task.outputs) {
    const output = context.links.openOutput(linkSpec(link, context.epoch), {
      wake: events.wake,
      fail: events.failed,
    })
    opened.push(() => output.close())
    const timed = isTimed(link.edge, plan.timed)
    buffers.set(link, new LinkBuffer(output, link.edge, gate, timed ? register : undefined))
  }
  const chain = buildChain({
    plan,
    task,
    sinks,
    gate,
    register,
    splits: source?.register,
    ports,
    wake: events.wake,
    leaving: (edge) => leavingEmit(edge, buffers, plan.keyGroups),
    skipped: (step, error) => ports.log('warn', `'${step}' skipped a record`, { error: String(error) }),
  })
  opened.push(() => closeOperators(chain))
  await loadOperators(context, chain)
  await restoreOperators(context, chain, source && { mine: source.register.splits, all: source.all })
  // The head tells the task what it met, and the task is made of the head: the events look it up when they come.
  const made: { task?: Task } = {}
  const live = (): Task => {
    invariant(made.task !== undefined, 'a head is silent until its task exists')
    return made.task
  }
  const headEvents: HeadEvents = {
    barrier: (barrier, channels) => {
      ports.trace?.({ kind: 'captured', epoch: context.epoch, task: task.id, checkpoint: barrier.checkpoint })
      live().onBarrier(barrier, channels)
    },
    aligning: (barrier) => hit(context, 'task.mid-alignment', barrier),
    watermark: (watermark) => live().onWatermark(watermark),
    ended: () => live().onEnded(),
  }
  const { drain, drainSecond } = chain
  const head = await openHead(context, chain, { drain, drainSecond, gate }, headEvents, source)
  opened.push(() => head.close())
  const watermarks = new WatermarkFlow({
    nodes: chain.operators,
    targets: [...buffers]
      .filter(([link]) => isTimed(link.edge, plan.timed))
      .map(([link, buffer]) => ({ from: link.edge.from, signal: (watermark) => buffer.signal(watermark) })),
    register,
    ports,
    wake: events.wake,
  })
  const outputs = [...buffers.values()]
  made.task = new Task({ plan: task, chain, head, outputs, gate, watermarks, events, ports })
  return made.task
}

function hit({ ports, task }: TaskContext, name: FailpointName, { checkpoint }: Barrier): void {
  ports.failpoints.hit(name, { task: task.id, worker: task.worker, checkpoint })
}

const linkSpec = (link: LinkPlan, epoch: Epoch): LinkSpec => ({
  id: link.id,
  epoch,
  from: link.from,
  fromWorker: link.fromWorker,
  to: link.to,
  toWorker: link.toWorker,
})

function leavingEmit(edge: Edge, buffers: ReadonlyMap<LinkPlan, LinkBuffer>, keyGroups: number): Emit {
  const links = [...buffers].filter(([link]) => link.edge === edge).sort(([a], [b]) => a.toIndex - b.toIndex)
  return partitionEmit(
    edge,
    links.map(([, buffer]) => buffer),
    keyGroups,
  )
}

/** What a source's task reads. */
interface OpenSource {
  readonly step: SourceStep
  readonly context: SourceContext
  readonly splits: readonly { readonly split: string; readonly state: SplitState }[]
  /** The splits of all its tasks. */
  readonly all: readonly string[]
  readonly register: SplitRegister
}

async function openSource({
  plan,
  task,
  ports,
  restored,
  openings,
}: TaskContext): Promise<OpenSource | undefined> {
  const planned = stepOf(plan.graph, task.chain.head)
  if (planned.kind !== 'source') return undefined
  const step = { ...planned, definition: openings.source(planned.name, planned.definition) }
  const context = { step: step.name, files: ports.files, log: ports.log }
  const { mine: splits, all } = await assignSplits(step, { context, openings }, task, restored)
  const register: SplitRegister = {
    splits: splits.map(({ split }) => split),
    current: 0,
    visits: splits.map(() => 0),
    ended: splits.map(({ state }) => state.ended),
  }
  return { step, context, splits, all, register }
}

function closeOperators({ operators }: ChainRuntime): void {
  for (const { instance } of operators) instance.close?.()
}

async function openHead(
  context: TaskContext,
  chain: ChainRuntime,
  target: HeadTarget,
  events: HeadEvents,
  source: OpenSource | undefined,
): Promise<Head> {
  const { plan, task } = context
  if (!source) {
    const onTheWay = await Promise.all(
      task.inputs.map(({ channel }) => restoredChannel(context.restored, channel)),
    )
    const inputs = task.inputs.map((link, i) => openInput(context, link, onTheWay[i] ?? []))
    const second = task.inputs.flatMap((link, i) => (link.edge.input === 1 ? [i] : []))
    const timed = task.inputs.map((link) => isTimed(link.edge, plan.timed))
    return new InputHead(inputs, target, events, new Set(second), timed)
  }
  const { step, splits, register } = source
  return new SourceHead(
    {
      step: step.name,
      definition: step.definition,
      context: source.context,
      splits,
      register,
      wake: context.events.wake,
      deadLetters: chain.deadLetters,
      beforeBarrier: (barrier) => hit(context, 'source.before-barrier', barrier),
    },
    target,
    events,
  )
}

/** C4: what was on its way on this link comes first. */
function openInput(
  { links, epoch, events }: TaskContext,
  link: LinkPlan,
  onTheWay: readonly ChannelFrame[],
): LinkInput {
  const input = links.openInput(linkSpec(link, epoch), { wake: events.wake, fail: events.failed })
  return onTheWay.length === 0 ? input : new ReplayedInput(input, onTheWay)
}

async function openSinks(
  context: TaskContext,
  gate: Gate,
  opened: Closing[],
): Promise<Map<StepName, SinkStepRuntime>> {
  const { plan, task, ports, epoch, openings } = context
  const sinks = new Map<StepName, SinkStepRuntime>()
  for (const name of task.chain.steps) {
    const step = stepOf(plan.graph, name)
    if (step.kind !== 'sink') continue
    const sinkContext: SinkContext = {
      job: plan.graph.name,
      step: name,
      taskIndex: task.index,
      epoch,
      files: ports.files,
      clock: ports.clock,
      timers: ports.timers,
      failpoints: ports.failpoints,
      log: ports.log,
      wake: context.events.wake,
      deliver: (checkpoint, values) => context.deliver(name, checkpoint, values),
    }
    const { definition } = step
    const writer = await openings.wait(
      name,
      'open',
      () => definition.open(sinkContext),
      (late) => late.close(),
    )
    const sink = new SinkStepRuntime({ step: name, writer, gate, timers: ports.timers })
    opened.push(() => sink.close())
    sinks.set(name, sink)
    sink.restore(await restoredOutputs(context, name))
  }
  return sinks
}

/** Staged output of the checkpoint is shared out over today's tasks, whoever wrote it. */
async function restoredOutputs(context: TaskContext, step: StepName): Promise<StagedOutput[]> {
  const { restored, task } = context
  const outputs: StagedOutput[] = []
  for (const section of restored?.sections(step) ?? []) {
    if (section.scope.kind !== 'list' || section.scope.index % task.chain.parallelism !== task.index) continue
    outputs.push(...readStagedOutputs(step, (await restored?.read(section)) ?? new Uint8Array()))
  }
  return outputs
}

async function loadOperators(
  { ports: { files, log }, openings }: TaskContext,
  chain: ChainRuntime,
): Promise<void> {
  for (const { name: step, instance } of chain.operators) {
    await instance.load?.({ step, files, log }, openings)
  }
}

async function restoreOperators(
  context: TaskContext,
  chain: ChainRuntime,
  splits: RestoredTask['splits'],
): Promise<void> {
  const { restored } = context
  if (!restored) return
  for (const node of chain.operators) {
    const { name, state } = node
    const others: UnkeyedSource[] = []
    for (const section of restored.sections(name)) {
      // C4: what was on its way to the step, which its inputs bring.
      if (section.scope.kind === 'channel') continue
      if (section.scope.kind !== 'group')
        others.push({ scope: section.scope, bytes: await restored.read(section) })
      else if (state?.owns(section.scope.group)) {
        state.restore(openGroup(name, section.scope.group, await restored.read(section)))
      }
    }
    const {
      index,
      chain: { parallelism: of },
    } = context.task
    restoreUnkeyed(node, others, { index, of, groups: groupRange(index, of, context.plan.keyGroups), splits })
  }
}
