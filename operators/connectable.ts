/** What every kind of stream is: a place in a flow where a next step can be attached. */
import { ConfigError } from '../core/errors.ts'
import type { StepName } from '../core/ids.ts'
import type { FlowBuilder, StepOptions } from './flow.ts'
import type { OutputName, Partition } from './graph.ts'
import type { OperatorDefinition } from './operator.ts'
import { identityOperator } from './steps/stateless.ts'
import type { OperatorStream } from './stream.ts'

/** Where the next step's records come from. */
export interface Origin {
  readonly from: StepName
  readonly output: OutputName
  readonly partition: Partition
}

/** Where a broadcast stream waits for the step that it goes to. */
export interface BroadcastAttachment {
  /** The main stream has event time. */
  readonly timed: boolean
  /** Only the main stream has event time. */
  readonly silent: boolean
  readonly attach: (
    name: string,
    definition: OperatorDefinition,
    options: StepOptions | undefined,
  ) => OperatorStream<never, never>
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

  /**
   * A step whose every task gets the other stream's records as its second input: through a step of one task, so that
   * all get them in the same order (BS1). Throws ConfigError `EVENT_TIME_MISSING` when only the other has event time.
   */
  protected attachBroadcast(name: string, other: Connectable): BroadcastAttachment {
    const { builder } = this
    const second = this.originOf(other, name)
    const timed = builder.isTimed(this.origin)
    if (!timed && builder.isTimed(second)) {
      throw new ConfigError(
        'EVENT_TIME_MISSING',
        `'${name}' broadcasts records with event time to a stream without; put .eventTime(name, { atMs }) before that`,
      )
    }
    const from = builder.add(
      name,
      (checked) => ({
        kind: 'operator',
        name: checked,
        definition: identityOperator('broadcast'),
        parallelism: 1,
      }),
      undefined,
    )
    builder.connect({ ...second, to: from, input: 0 })
    return {
      timed,
      silent: timed && !builder.isTimed(second),
      attach: (step, definition, options) => {
        const made = this.attach(step, definition, options)
        builder.connect({ from, output: 'main', partition: { kind: 'broadcast' }, to: made.from, input: 1 })
        return builder.operatorStream(made)
      },
    }
  }

  /** For steps of several inputs. Throws ConfigError `FLOW_FOREIGN` for a stream of another flow. */
  protected originOf(other: Connectable, name: string): Origin {
    if (other.builder === this.builder) return other.origin
    throw new ConfigError('FLOW_FOREIGN', `'${name}' brings together streams of different flows`)
  }
}
