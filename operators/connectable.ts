/** What every kind of stream is: a place in a flow where a next step can be attached. */
import { ConfigError } from '../core/errors.ts'
import type { StepName } from '../core/ids.ts'
import type { FlowBuilder, StepOptions } from './flow.ts'
import type { OutputName, Partition } from './graph.ts'
import type { OperatorDefinition } from './operator.ts'

/** Where the next step's records come from. */
export interface Origin {
  readonly from: StepName
  readonly output: OutputName
  readonly partition: Partition
}

export abstract class Connectable {
  protected readonly builder: FlowBuilder
  protected readonly origin: Origin

  constructor(builder: FlowBuilder, origin: Origin) {
    this.builder = builder
    this.origin = origin
  }

  protected attach(name: string, definition: OperatorDefinition, options: StepOptions | undefined): Origin {
    const from = this.builder.add(
      name,
      (checked, parallelism) => ({ kind: 'operator', name: checked, definition, parallelism }),
      options,
    )
    this.builder.connect({ ...this.origin, to: from, input: 0 })
    return { from, output: 'main', partition: { kind: 'forward' } }
  }

  /** A step of two inputs: this stream's records are its first, the other's its second. */
  protected attachTwo(
    name: string,
    other: Connectable,
    definition: OperatorDefinition,
    options: StepOptions | undefined,
  ): Origin {
    const second = this.originOf(other, name)
    const made = this.attach(name, definition, options)
    this.builder.connect({ ...second, to: made.from, input: 1 })
    return made
  }

  /** For steps of several inputs. Throws ConfigError `FLOW_FOREIGN` for a stream of another flow. */
  protected originOf(other: Connectable, name: string): Origin {
    if (other.builder === this.builder) return other.origin
    throw new ConfigError('FLOW_FOREIGN', `'${name}' brings together streams of different flows`)
  }
}
