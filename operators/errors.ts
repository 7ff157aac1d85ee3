import { MillraceError, isTyped } from '../core/errors.ts'
import type { StepName } from '../core/ids.ts'

export type OperatorErrorCode =
  | 'OPERATOR_THREW'
  | 'OPERATOR_ASYNC'
  | 'KEY_SELECTOR_THREW'
  | 'EMITS_TOO_MANY'
  /** A handler's context, used after the handler returned. */
  | 'EMIT_OUTSIDE'
  | 'OUTPUT_UNKNOWN'
  | 'EVENT_TIME_ABSURD'
  | 'EVENT_TIME_MISSING'
  | 'TIMER_HANDLER_MISSING'
  | 'ASYNC_TIMEOUT'
  | 'ASYNC_ABORTED'
  | 'PATTERN_ATTEMPTS'
  /** The main side wrote to broadcast state. */
  | 'BROADCAST_READ_ONLY'

/** A step's own code failed on a record; `details.step` names it, the task adds the record's position. */
export class OperatorError extends MillraceError<OperatorErrorCode> {}

/** Wraps what user code threw; typed errors keep their code and class. */
export function operatorThrew(
  step: StepName,
  cause: unknown,
  doing = 'a record',
  facts: Readonly<Record<string, unknown>> = {},
): MillraceError {
  if (isTyped(cause)) {
    if (cause.details.step !== undefined) return cause
    return new MillraceError(cause.code, `'${step}' failed on ${doing}: ${cause.message}`, {
      retry: cause.retry,
      cause,
      details: { ...cause.details, ...facts, step },
    })
  }
  const message = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)
  return new OperatorError('OPERATOR_THREW', `'${step}' threw on ${doing}: ${message}`, {
    retry: 'retry',
    cause,
    details: { ...facts, step },
  })
}

export const keySelectorThrew = (step: StepName, cause: unknown): OperatorError =>
  new OperatorError('KEY_SELECTOR_THREW', `the key selector of '${step}' threw: ${String(cause)}`, {
    retry: 'retry',
    cause,
    details: { step },
  })

export const outputUnknown = (step: StepName, output: string, known: readonly string[]): OperatorError =>
  new OperatorError(
    'OUTPUT_UNKNOWN',
    `'${step}' emitted to the side output '${output}', which it does not declare${known.length > 0 ? ` (it declares ${known.map((name) => `'${name}'`).join(', ')})` : ''}; add it to the operator's \`outputs\``,
    { retry: 'fatal', details: { step, output } },
  )

/** Guards against `async` functions where a plain result is expected. */
export function rejectPromise(step: StepName, result: unknown): void {
  if (!(result instanceof Promise)) return
  result.catch(() => undefined)
  throw new MillraceError('OPERATOR_ASYNC', `'${step}' returned a Promise; handlers are synchronous`, {
    retry: 'fatal',
    details: { step },
  })
}
