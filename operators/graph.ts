/** The flow as a frozen graph: what was built, before anything about processes and tasks. */
import type { Key } from '../core/keys/index.ts'
import type { FlowName, StepName } from '../core/ids.ts'
import type { OperatorDefinition } from './operator.ts'
import type { SinkDefinition } from './sink.ts'
import type { SourceDefinition } from './source.ts'

export interface Graph {
  readonly name: FlowName
  readonly steps: ReadonlyMap<StepName, Step>
  readonly edges: readonly Edge[]
}

export type Step = SourceStep | OperatorStep | SinkStep

export interface SourceStep {
  readonly kind: 'source'
  readonly name: StepName
  readonly definition: SourceDefinition<unknown>
  readonly parallelism: number | undefined
}
export interface OperatorStep {
  readonly kind: 'operator'
  readonly name: StepName
  readonly definition: OperatorDefinition
  readonly parallelism: number | undefined
}
export interface SinkStep {
  readonly kind: 'sink'
  readonly name: StepName
  readonly definition: SinkDefinition<unknown>
  readonly parallelism: number | undefined
}

/** Which of a step's outputs an edge takes. */
export type OutputName = 'main' | 'dead-letters'

export interface Edge {
  readonly from: StepName
  readonly output: OutputName
  readonly to: StepName
  readonly partition: Partition
}

export type Partition =
  /** To the task of the same index; shared out in turn where parallelisms differ. */
  | { readonly kind: 'forward' }
  /** To the task that owns the key's group. */
  | { readonly kind: 'hash'; readonly keyOf: (record: never) => Key }
  /** In turn. */
  | { readonly kind: 'round-robin' }
  /** To every task. */
  | { readonly kind: 'broadcast' }

export const edgesFrom = (graph: Graph, step: StepName): readonly Edge[] =>
  graph.edges.filter((edge) => edge.from === step)

export const edgesInto = (graph: Graph, step: StepName): readonly Edge[] =>
  graph.edges.filter((edge) => edge.to === step)
