/** The step that a window becomes: which implementation, with which state. */
import { ConfigError } from '../../core/errors.ts'
import type { ErrorPolicy, OperatorContext, OperatorDefinition, OperatorInstance } from '../operator.ts'
import type { StateSchema } from '../state/schema.ts'
import type { WindowAssigner } from './assigners.ts'
import { invariant } from '../../core/invariant.ts'
import type { StepName } from '../../core/ids.ts'
import type { WindowDefinition } from './definition.ts'
import { afterLocal, type BundleTaker } from './local-aggregation.ts'
import { FixedWindowStep } from './fixed-windows.ts'
import { SessionWindowStep } from './session-windows.ts'
import { SlicedWindowStep } from './sliced-windows.ts'
import { tableSchema } from './table.ts'
import { CountWindowStep, GlobalWindowStep, untimedSchema } from './untimed-windows.ts'

/** Throws ConfigError `AGGREGATE_ILLEGAL` for windows that merge and an aggregate that cannot. */
export function windowOperator(
  name: string,
  assigner: WindowAssigner,
  definition: WindowDefinition,
  onError: ErrorPolicy,
  local?: LocalStep,
): OperatorDefinition {
  const { state, create, merges } = implementation(assigner, definition)
  if (merges && !definition.aggregate.merge) {
    throw new ConfigError(
      'AGGREGATE_ILLEGAL',
      `${assigner.kind === 'session' ? 'sessions' : 'sliding windows'} merge their parts, but the aggregate of '${name}' has no merge; add one`,
      { step: name },
    )
  }
  return {
    kind: 'window',
    onError,
    keyed: { keyOf: definition.keyOf, state },
    ...(assigner.domain === 'event' && { outputs: ['late'], eventTime: 'needs' }),
    ...keptForEver(assigner, definition),
    create(context) {
      const instance = create(context)
      if (!local || local.singly() || context.inTask(local.step)) return instance
      invariant('onBundle' in instance, 'records are combined only for steps that take bundles')
      return afterLocal(instance as BundleTaker)
    },
  }
}

function keptForEver(
  assigner: WindowAssigner,
  { options }: WindowDefinition,
): Pick<OperatorDefinition, 'unbounded'> {
  if (assigner.kind === 'count' && assigner.size > 1) {
    return {
      unbounded:
        'a count window waits for ever for the rest of its records; count in .process with a cell that has ttlMs, or use windows that end',
    }
  }
  if (assigner.kind !== 'global' || (options.panes === 'discard' && options.trigger.kind !== 'watermark'))
    return {}
  return {
    unbounded:
      "a global window ends only with the input; give it a trigger and panes: 'discard', or use windows that end",
  }
}

/** The step before, where it combines records. */
interface LocalStep {
  readonly step: StepName
  readonly singly: () => boolean
}

interface Implementation {
  readonly state: StateSchema
  readonly merges: boolean
  readonly create: (context: OperatorContext) => OperatorInstance
}

function implementation(assigner: WindowAssigner, definition: WindowDefinition): Implementation {
  switch (assigner.kind) {
    case 'fixed': {
      const { sizeMs, slideMs, offsetMs } = assigner
      const shape = `${sizeMs} every ${slideMs} + ${offsetMs}`
      return sharesSlices(assigner, definition)
        ? {
            state: tableSchema(`slices of ${shape}`),
            merges: true,
            create: (context) => new SlicedWindowStep(context, assigner, definition),
          }
        : {
            state: tableSchema(shape),
            merges: false,
            create: (context) => new FixedWindowStep(context, assigner, definition),
          }
    }
    case 'session':
      return {
        state: tableSchema('sessions'),
        merges: true,
        create: (context) => new SessionWindowStep(context, assigner, definition),
      }
    case 'global':
      return {
        state: untimedSchema,
        merges: false,
        create: (context) => new GlobalWindowStep(context, definition),
      }
    case 'count':
      return {
        state: untimedSchema,
        merges: false,
        create: (context) => new CountWindowStep(context, assigner, definition),
      }
  }
}

function sharesSlices(
  assigner: Extract<WindowAssigner, { kind: 'fixed' }>,
  { options }: WindowDefinition,
): boolean {
  return (
    assigner.slideMs < assigner.sizeMs &&
    assigner.domain === 'event' &&
    options.trigger.kind === 'watermark' &&
    options.panes === 'accumulate'
  )
}
