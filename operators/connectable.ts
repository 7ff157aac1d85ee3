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
    this.builder.connect({ ...this.origin, to: from })
    return { from, output: 'main', partition: { kind: 'forward' } }
  }

  /** For steps of several inputs. Throws ConfigError `FLOW_FOREIGN` for a stream of another flow. */
  protected originOf(other: Connectable, name: string): Origin {
    if (other.builder === this.builder) return other.origin
    throw new ConfigError('FLOW_FOREIGN', `'${name}' brings together streams of different flows`)
  }
}
