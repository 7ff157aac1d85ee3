/** The flow as a frozen graph: what was built, before anything about processes and tasks. */
import type { Key } from '../core/keys/index.ts'
import type { FlowName, SideName, StepName } from '../core/ids.ts'
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

/** Which of a step's outputs an edge takes: what the engine knows, or a side output that the step declares. */
export type OutputName = ReservedOutput | SideName

/** No side output may have one of these names. */
export const reservedOutputs = ['main', 'dead-letters', 'late'] as const
export type ReservedOutput = (typeof reservedOutputs)[number]

export interface Edge {
  readonly from: StepName
  readonly output: OutputName
  readonly to: StepName
  /** Which of the step's inputs it leads to: 1 only for the second of a step of two inputs. */
  readonly input: InputIndex
  readonly partition: Partition
}

export type InputIndex = 0 | 1

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
