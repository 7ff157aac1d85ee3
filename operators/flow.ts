/** `flow(name)`: where a dataflow begins. */
import { ConfigError } from '../core/errors.ts'
import { flowName, stepName, type FlowName, type StepName } from '../core/ids.ts'
import { limits } from '../core/limits.ts'
import { timedSteps, type TimeKind } from './event-time.ts'
import type { Edge, Graph, OutputName, Step } from './graph.ts'
import type { SourceDefinition } from './source.ts'
import type { Origin } from './connectable.ts'
import { OperatorStream, SourceStream, StreamWithLate, WindowStream } from './stream.ts'
import { validateGraph } from './validate.ts'

export interface StepOptions {
  /** Tasks of this step; default: the job's parallelism. */
  readonly parallelism?: number
}

export interface Flow {
  readonly name: FlowName
  /**
   * Adds a source. Its name is its actor id, metric label and state key; names are unique in the flow.
   * Throws ConfigError `NAME_ILLEGAL`, `STEP_DUPLICATE`, `FLOW_FROZEN`.
   */
  source<T>(name: string, definition: SourceDefinition<T>, options?: StepOptions): SourceStream<T>
  /**
   * The graph, checked and frozen: no step can be added afterwards. Throws ConfigError `FLOW_NO_SOURCE`,
   * `FLOW_NO_SINK`, `FLOW_DANGLING`.
   */
  graph(): Graph
}

/** A new, empty flow. The name, with the store, identifies the job. */
export function flow(name: string): Flow {
  const builder = new FlowBuilder(flowName(name))
  return {
    name: builder.name,
    source(step, definition, options) {
      const from = builder.add(
        step,
        (checked, parallelism) => ({
          kind: 'source',
          name: checked,
          definition: checkSource(checked, definition),
          parallelism,
        }),
        options,
      )
      return new SourceStream(builder, { from, output: 'main', partition: { kind: 'forward' } })
    },
    graph: () => builder.freeze(),
  }
}

/** True for what `flow()` returned, also by another copy of the package. */
export function isFlow(value: unknown): value is Flow {
  const candidate = value as Partial<Flow> | null | undefined
  return typeof candidate?.graph === 'function' && typeof candidate.name === 'string'
}

/** Collects steps and edges; streams call it. */
export class FlowBuilder {
  readonly name: FlowName
  private readonly steps = new Map<StepName, Step>()
  private readonly edges: Edge[] = []
  private frozen: Graph | undefined

  constructor(name: FlowName) {
    this.name = name
  }

  add(
    name: string,
    make: (name: StepName, parallelism: number | undefined) => Step,
    options: StepOptions = {},
  ): StepName {
    const checked = stepName(name)
    if (this.frozen) {
      throw new ConfigError('FLOW_FROZEN', `flow '${this.name}' runs already: '${name}' cannot be added`)
    }
    if (this.steps.has(checked)) {
      throw new ConfigError(
        'STEP_DUPLICATE',
        `two steps of flow '${this.name}' are named '${name}'; a name is the step's state key, so it must be unique`,
      )
    }
    if (this.steps.size === limits.stepsMax) {
      throw new ConfigError('FLOW_TOO_LARGE', `flow '${this.name}' has more than ${limits.stepsMax} steps`)
    }
    this.steps.set(checked, Object.freeze(make(checked, checkParallelism(checked, options.parallelism))))
    return checked
  }

  connect(edge: Edge): void {
    this.edges.push(Object.freeze(edge))
  }

  /** The declared outputs of a step beside its main one. */
  outputsOf(name: StepName): readonly OutputName[] {
    const step = this.steps.get(name)
    return step?.kind === 'operator' ? (step.definition.outputs ?? []) : []
  }

  /** The results of a step that was attached; streams in other files make them without importing each other. */
  operatorStream<T, Time extends TimeKind = 'none'>(origin: Origin): OperatorStream<T, Time> {
    return new OperatorStream<T, Time>(this, origin)
  }

  /** The same of windows; `uses.late` becomes true when somebody asks for late records. */
  windowStream<T, In, Time extends TimeKind = 'none'>(
    origin: Origin,
    uses: { late: boolean },
  ): WindowStream<T, In, Time> {
    return new WindowStream<T, In, Time>(this, origin, uses)
  }

  /** Whether records of an output carry event time. */
  isTimed({ from, output }: Pick<Origin, 'from' | 'output'>): boolean {
    const graph: Graph = { name: this.name, steps: this.steps, edges: this.edges }
    return output !== 'dead-letters' && timedSteps(graph).has(from)
  }

  /** The same for a step that has late records. */
  streamWithLate<T, Late, Time extends TimeKind>(origin: Origin): StreamWithLate<T, Late, Time> {
    return new StreamWithLate<T, Late, Time>(this, origin)
  }

  freeze(): Graph {
    if (!this.frozen) {
      const graph: Graph = { name: this.name, steps: this.steps, edges: this.edges }
      validateGraph(graph)
      this.frozen = Object.freeze(graph)
    }
    return this.frozen
  }
}

function checkParallelism(name: StepName, parallelism: number | undefined): number | undefined {
  if (parallelism === undefined) return undefined
  if (Number.isSafeInteger(parallelism) && parallelism >= 1 && parallelism <= limits.parallelismMax)
    return parallelism
  throw new ConfigError(
    'PARALLELISM_ILLEGAL',
    `the parallelism of '${name}' must be a whole number from 1 to ${limits.parallelismMax}, got ${parallelism}`,
  )
}

function checkSource<T>(name: StepName, definition: SourceDefinition<T>): SourceDefinition<unknown> {
  const candidate = definition as Partial<SourceDefinition<T>> | undefined
  if (typeof candidate?.open === 'function' && typeof candidate.splits === 'function') return definition
  throw new ConfigError(
    'SOURCE_ILLEGAL',
    `source '${name}' needs what a from… function returns, got ${typeof definition}`,
  )
}
