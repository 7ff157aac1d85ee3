/** Errors as people read them: the code, the message that says what to do, and no stack unless asked for. */
import { exitCodes } from './exit-codes.ts'
import { UsageError } from './usage-error.ts'

export interface Failure {
  readonly code: string
  readonly message: string
}

/** By shape, not by class: the flow may have loaded another copy of the package. */
export function failureOf(error: unknown): Failure {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  return {
    code: typeof code === 'string' ? code : 'UNTYPED',
    message: typeof message === 'string' ? message : String(error),
  }
}

const usageCodes: ReadonlySet<string> = new Set(['OPTION_ILLEGAL', 'OPTION_UNKNOWN', 'CHECKPOINT_OPTIONS'])

/** Where the message names a consent, how the command line gives it. */
const consents: Readonly<Record<string, string>> = {
  CHECKPOINT_DAMAGED: '--allow-older ID, or --restore-from ID|none',
  SINK_AHEAD: '--allow-duplicates',
  STATE_WOULD_BE_LOST: '--drop-state STEP',
}

/** Options that the engine refused, and names or flows of the command's own, are bad usage. */
export function exitCodeOf(error: unknown): number {
  const usage = error instanceof UsageError || usageCodes.has(failureOf(error).code)
  return usage ? exitCodes.usage : exitCodes.failed
}

/** On standard error, with the causes below it; `MILLRACE_DEBUG=1` adds stacks. */
export function printFailure(error: unknown): void {
  const { code, message } = failureOf(error)
  const consent = consents[code]
  const debug = (process.env['MILLRACE_DEBUG'] ?? '') !== ''
  const lines = [`millrace: ${code === 'UNTYPED' ? '' : `${code}: `}${message}`]
  if (consent !== undefined) lines.push(`  consent is given with ${consent}`)
  if (debug) lines.push(error instanceof Error ? (error.stack ?? '') : '')
  for (const cause of causesOf(error)) {
    const text = (debug && cause.stack) || cause.message
    if (debug || !message.includes(cause.message)) lines.push(`  caused by: ${text}`)
  }
  process.stderr.write(`${lines.filter((line) => line !== '').join('\n')}\n`)
}

function causesOf(error: unknown): Error[] {
  const causes: Error[] = []
  for (let at = error; at instanceof Error && causes.length < 5; at = at.cause) {
    if (at.cause instanceof Error) causes.push(at.cause)
  }
  return causes
}
