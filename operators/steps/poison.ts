/**
 * P1: under `skip` and `dead-letter` an invocation's emissions are held and its key's entry is saved first; a
 * throw undoes both. What was decided is part of the checkpoint, since barriers come between invocations.
 */
import { reportError } from '../../core/errors.ts'
import type { StepName } from '../../core/ids.ts'
import { limits } from '../../core/limits.ts'
import type { Key } from '../../core/keys/index.ts'
import { OperatorError } from '../errors.ts'
import type { OutputName } from '../graph.ts'
import {
  checkOutput,
  type Emit,
  type OperatorContext,
  type OperatorDefinition,
  type OperatorInstance,
} from '../operator.ts'
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
  const { time } = context
  const held: Held[] = []
  const hold = (output: OutputName, record: unknown): void =>
    void held.push({ output, record, atMs: time.recordMs })
  const inner = definition.create({
    ...context,
    emit: (record) => hold('main', record),
    emitTo(output, record) {
      checkOutput(definition, context.step, output)
      hold(output, record)
    },
  })

  const release = (): void => {
    const beforeMs = time.recordMs
    for (const { output, record, atMs } of held) {
      time.recordMs = atMs
      if (output === 'main') context.emit(record)
      else context.emitTo(output, record)
    }
    held.length = 0
    // Whoever emitted the record in hand may emit it elsewhere too.
    time.recordMs = beforeMs
  }
  let undo: (() => void) | undefined
  const attempt = (call: () => void, raw: unknown, letter = options.deadLetter): boolean => {
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
      letter?.(deadLetterOf(context.step, error, raw))
      return false
    }
    release()
    return true
  }

  const guarded =
    (keyOf: ((record: never) => Key) | undefined, call: (record: unknown) => void) =>
    (record: unknown): void => {
      undo = undefined
      attempt(() => {
        if (context.state && keyOf) {
          context.state.enter(keyOf(record as never))
          undo = context.state.save()
        }
        call(record)
      }, record)
    }

  /** Every task has the record, and undoes by itself what it changed; one letter is enough (BS4). */
  const broadcast = (record: unknown): void => {
    undo = undefined
    const letter = context.taskIndex === 0 ? options.deadLetter : ignored
    attempt(() => inner.onSecond?.(record), record, letter)
  }

  return {
    onRecord: guarded(definition.keyed?.keyOf, (record) => inner.onRecord(record)),
    ...(inner.onSecond && {
      onSecond: definition.broadcast
        ? broadcast
        : guarded(definition.keyed?.secondKeyOf, (record) => inner.onSecond?.(record)),
    }),
    ...(inner.onTimer && {
      onTimer(key, timer) {
        // The timer is gone from what would be put back: one that throws is not set off again.
        undo = context.state?.save()
        const done = attempt(() => inner.onTimer?.(key, timer), { key, timer })
        if (!done) inner.onTimerUndone?.(key, timer)
      },
    }),
    ...(inner.watermarkOut && {
      watermarkOut: (atMs, idle) => inner.watermarkOut?.(atMs, idle) ?? { atMs, idle },
    }),
    ...(inner.load && { load: (...given) => inner.load?.(...given) ?? Promise.resolve() }),
    ...(inner.unkeyed && { unkeyed: inner.unkeyed }),
    ...(inner.close && { close: () => inner.close?.() }),
    ...(inner.onEnd && {
      onEnd(key) {
        context.state?.enter(key)
        undo = context.state?.save()
        attempt(() => inner.onEnd?.(key), key)
      },
    }),
  }
}

const ignored: Emit = () => undefined

interface Held {
  readonly output: OutputName
  readonly record: unknown
  readonly atMs: number
}

function drain(inner: OperatorInstance, held: readonly Held[], step: StepName): void {
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
