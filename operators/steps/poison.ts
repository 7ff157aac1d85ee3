/**
 * P1: under `skip` and `dead-letter` an invocation's emissions are held and its key's entry is saved first; a
 * throw undoes both. What was decided is part of the checkpoint, since barriers come between invocations.
 */
import { reportError } from '../../core/errors.ts'
import type { StepName } from '../../core/ids.ts'
import { limits } from '../../core/limits.ts'
import { OperatorError } from '../errors.ts'
import type { Emit, OperatorContext, OperatorDefinition, OperatorInstance } from '../operator.ts'
import type { DeadLetter } from '../source.ts'
import { toText } from '../text.ts'

export interface PoisonOptions {
  readonly context: OperatorContext
  /** Absent under `skip`. */
  readonly deadLetter?: Emit
  readonly skipped: (error: unknown) => void
}

export function guardedInstance(definition: OperatorDefinition, options: PoisonOptions): OperatorInstance {
  const { context } = options
  const held: unknown[] = []
  const inner = definition.create({ ...context, emit: (record) => void held.push(record) })

  const release = (): void => {
    for (const record of held) context.emit(record)
    held.length = 0
  }
  let undo: (() => void) | undefined
  const attempt = (call: () => void, raw: unknown): void => {
    try {
      call()
      drain(inner, held, context.step)
    } catch (error) {
      const { code, retry } = reportError(error)
      if (retry === 'fatal' || code === 'INVARIANT') throw error
      held.length = 0
      inner.discard?.()
      undo?.()
      options.skipped(error)
      options.deadLetter?.(deadLetterOf(context.step, error, raw))
      return
    }
    release()
  }

  return {
    onRecord(record) {
      undo = undefined
      if (context.state && definition.keyed) {
        const { keyed } = definition
        attempt(() => {
          context.state?.enter(keyed.keyOf(record as never))
          undo = context.state?.save()
          inner.onRecord(record)
        }, record)
      } else {
        attempt(() => inner.onRecord(record), record)
      }
    },
    ...(inner.onEnd && {
      onEnd(key) {
        context.state?.enter(key)
        undo = context.state?.save()
        attempt(() => inner.onEnd?.(key), key)
      },
    }),
  }
}

function drain(inner: OperatorInstance, held: unknown[], step: StepName): void {
  while (inner.pull?.() === true) {
    if (held.length <= limits.emitsPerCallMax) continue
    throw new OperatorError(
      'EMITS_TOO_MANY',
      `'${step}' made more than ${limits.emitsPerCallMax} records of one, which cannot be held under onError 'skip' or 'dead-letter'; use 'fail'`,
      { retry: 'fatal', details: { step } },
    )
  }
}

export function deadLetterOf(step: StepName, error: unknown, record: unknown): DeadLetter {
  const { code, message, details } = reportError(error)
  return { step, code, message, details, raw: toText(record) }
}
