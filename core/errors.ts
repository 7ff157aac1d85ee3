/**
 * Errors of the engine. Each has a stable code, a class that tells supervision what a restart can do
 * about it, and the cause. Messages say what was expected, what was found and what to do.
 */

/**
 * - `retry`: transient; a restart may help (the class of every untyped throw).
 * - `fatal`: a restart cannot help (bad configuration, incompatible state, superseded).
 * - `record`: the same step failed again on an equal record.
 */
export type ErrorClass = 'retry' | 'fatal' | 'record'

export interface ErrorOptions {
  readonly retry: ErrorClass
  readonly cause?: unknown
  /** Plain facts for machines: step, file, line, expected, found. */
  readonly details?: Readonly<Record<string, unknown>>
}

export class MillraceError<Code extends string = string> extends Error {
  readonly code: Code
  readonly retry: ErrorClass
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: Code, message: string, options: ErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.code = code
    this.retry = options.retry
    this.details = options.details ?? {}
  }
}

/** Narrows without the `any` that `instanceof` of a generic class brings. */
export const isTyped = (error: unknown): error is MillraceError => error instanceof MillraceError

/** An option, name or flow that cannot work; raised before anything runs. */
export class ConfigError extends MillraceError {
  constructor(code: string, message: string, details?: Readonly<Record<string, unknown>>) {
    super(code, message, { retry: 'fatal', ...(details ? { details } : {}) })
  }
}

/** What crosses a process boundary of an error: enough to classify, print and find it. */
export interface ErrorReport {
  readonly code: string
  readonly message: string
  readonly retry: ErrorClass
  readonly details: Readonly<Record<string, unknown>>
  readonly stack: string
}

export function reportError(error: unknown): ErrorReport {
  if (isTyped(error)) {
    return {
      code: error.code,
      message: error.message,
      retry: error.retry,
      details: plainDetails(error.details),
      stack: error.stack ?? '',
    }
  }
  const message = error instanceof Error ? error.message : String(error)
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  return { code: 'UNTYPED', message, retry: 'retry', details: {}, stack }
}

/** A report must arrive whatever a thrower put into it: what has no JSON becomes text. */
function plainDetails(details: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(details).map(([name, value]) => [name, plainDetail(value)]))
}

function plainDetail(value: unknown): unknown {
  try {
    if (value === undefined || typeof value === 'bigint') return value
    if (typeof value === 'function' || typeof value === 'symbol') return value.toString()
    return JSON.parse(JSON.stringify(value)) as unknown
  } catch {
    return Object.prototype.toString.call(value)
  }
}

/** The report as an error again, on the far side of a process boundary. */
export function reviveError(report: ErrorReport): MillraceError {
  const error = new MillraceError(report.code, report.message, {
    retry: report.retry,
    details: report.details,
  })
  if (report.stack !== '') error.stack = report.stack
  return error
}

/** The `code` of a system error (`ENOENT`, `EEXIST`, `ENOSPC` …), or '' where there is none. */
export function systemCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}
