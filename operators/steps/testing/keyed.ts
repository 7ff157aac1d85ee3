/** For tests: one keyed step with its state and what it emits. */
import { stepName } from '../../../core/ids.ts'
import { invariant } from '../../../core/invariant.ts'
import type { Key } from '../../../core/keys/index.ts'
import { fakeContext, type FakeContext } from '../../testing/context.ts'
import {
  checkOutput,
  type Emit,
  type OperatorContext,
  type OperatorDefinition,
  type OperatorInstance,
} from '../../operator.ts'
import { KeyedState } from '../../state/keyed-state.ts'

export interface KeyedStep {
  readonly instance: OperatorInstance
  readonly state: KeyedState
  readonly context: FakeContext
  readonly out: unknown[]
  /** Calls `onEnd` as a task does. */
  end(): void
}

export function openKeyed(
  definition: OperatorDefinition,
  create: (definition: OperatorDefinition, context: OperatorContext) => OperatorInstance = (made, context) =>
    made.create(context),
  emitted: Emit = () => undefined,
): KeyedStep {
  const { keyed } = definition
  invariant(keyed !== undefined, 'a keyed definition')
  const step = stepName('s')
  const state = new KeyedState({ step, schema: keyed.state, keyGroups: 4, from: 0, to: 4 })
  const out: unknown[] = []
  const emit: Emit = (record) => {
    emitted(record)
    out.push(record)
  }
  const context = fakeContext({
    step,
    emit,
    emitTo(output, record) {
      checkOutput(definition, step, output)
      out.push([output, record])
    },
    state,
    ...(state.timers && { timers: state.timers }),
  })
  const instance = create(definition, context)
  return {
    instance,
    state,
    context,
    out,
    end() {
      for (const key of state.keysToEnd()) instance.onEnd?.(key)
      state.markEnded()
    },
  }
}

export const slotsOf = (state: KeyedState, key: Key): readonly unknown[] => {
  state.enter(key)
  return state.current.slots
}
