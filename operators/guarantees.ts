/** Per sink, the guarantee that holds from end to end, and what lowers it. */
import type { StepName } from '../core/ids.ts'
import { edgesInto, type Graph, type Step } from './graph.ts'
import type { Guarantee } from './sink.ts'

export interface SinkGuarantee {
  readonly sink: StepName
  readonly guarantee: Guarantee | 'at-most-once'
  /** The sources, steps or settings that lower it, or limit how long it holds. */
  readonly because: readonly string[]
}

export interface GuaranteeSettings {
  /** False when no store outlives the process. */
  readonly durable: boolean
}

export function guarantees(graph: Graph, settings: GuaranteeSettings): readonly SinkGuarantee[] {
  const report: SinkGuarantee[] = []
  for (const step of graph.steps.values()) {
    if (step.kind !== 'sink') continue
    const because: string[] = []
    const lossy = sourcesOf(graph, step.name).filter((source) => !source.replayable)
    for (const source of lossy) because.push(`source '${source.name}' cannot replay`)
    if (step.definition.guarantee === 'at-least-once') {
      because.push(
        `sink '${step.name}': ${step.definition.guaranteeReason ?? 'repeats output after a restart'}`,
      )
    }
    for (const { name, caution } of cautionsBefore(graph, step.name))
      because.push(`step '${name}' ${caution}`)
    if (!settings.durable) {
      because.push('checkpoints are kept in memory: they survive failures inside this process, not its end')
    }
    const guarantee = lossy.length > 0 ? 'at-most-once' : step.definition.guarantee
    report.push({ sink: step.name, guarantee, because })
  }
  return report
}

const sourcesOf = (graph: Graph, sink: StepName): { name: StepName; replayable: boolean }[] =>
  stepsBefore(graph, sink).flatMap((step) =>
    step.kind === 'source' ? [{ name: step.name, replayable: step.definition.replayable }] : [],
  )

const cautionsBefore = (graph: Graph, sink: StepName): { name: StepName; caution: string }[] =>
  stepsBefore(graph, sink).flatMap((step) => {
    const caution = step.kind === 'operator' ? step.definition.caution : undefined
    return caution === undefined ? [] : [{ name: step.name, caution }]
  })

function stepsBefore(graph: Graph, sink: StepName): Step[] {
  const seen = new Set<StepName>([sink])
  for (const name of seen) for (const edge of edgesInto(graph, name)) seen.add(edge.from)
  return [...seen].flatMap((name) => graph.steps.get(name) ?? [])
}
