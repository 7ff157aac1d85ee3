/** Options that every step may be given, and how they are checked. */
import { ConfigError } from '../core/errors.ts'
import type { StepOptions } from './flow.ts'
import type { ErrorPolicy } from './operator.ts'
import { resolveTtl, type StateTtl } from './state/ttl-options.ts'
import type { AggregateOptions, EmitOn } from './steps/aggregate.ts'
import { show } from '../core/show.ts'

export interface OperatorOptions extends StepOptions {
  /**
   * What a throw on a record does. `fail` (default): the job restarts from its checkpoint, and fails when the
   * same record throws again. `skip`: the record is left out. `dead-letter`: it goes to `.deadLetters`.
   */
  readonly onError?: ErrorPolicy
}

export interface EmitOptions extends OperatorOptions {
  /** When results are emitted: after every record (default), or once a key when the input ends. */
  readonly emitOn?: EmitOn
  /**
   * How long a key's value is valid after its newest record, as of a cell of `.process`; then the key's next record
   * begins anew. Default: until the input ends, of which the job warns (`STATE_UNBOUNDED`).
   */
  readonly ttl?: StateTtl
}

export function checkFn<F>(name: string, fn: F): F {
  if (typeof fn === 'function') return fn
  throw new ConfigError('FUNCTION_MISSING', `step '${name}' needs a function, got ${typeof fn}`)
}

export const onErrorOf = (name: string, options: OperatorOptions | undefined): ErrorPolicy =>
  oneOf(name, 'onError', options?.onError ?? 'fail', ['fail', 'skip', 'dead-letter'])

/** Throws ConfigError `OPTION_ILLEGAL` or `STATE_TTL`. */
export function resolveEmit(
  name: string,
  options: EmitOptions | undefined,
): Pick<AggregateOptions, 'emitOn' | 'onError' | 'ttl'> {
  const ttl = options?.ttl
  if (ttl !== undefined) resolveTtl(`'${name}'`, ttl)
  const emitOn = oneOf(name, 'emitOn', options?.emitOn ?? 'record', ['record', 'end'])
  return { emitOn, onError: onErrorOf(name, options), ttl }
}

/** A whole number from `min` to `max`. Throws ConfigError `OPTION_ILLEGAL`. */
export function wholeNumberOf(
  name: string,
  option: string,
  given: number,
  { min, max = Number.MAX_SAFE_INTEGER }: { readonly min: number; readonly max?: number },
): number {
  if (Number.isSafeInteger(given) && given >= min && given <= max) return given
  const range = max === Number.MAX_SAFE_INTEGER ? `≥ ${min}` : `from ${min} to ${max}`
  throw new ConfigError(
    'OPTION_ILLEGAL',
    `${option} of '${name}' must be a whole number ${range}, got ${JSON.stringify(given)}`,
  )
}

export function oneOf<V extends string>(name: string, option: string, given: V, known: readonly V[]): V {
  if (known.includes(given)) return given
  const choice = known.map((value) => `'${value}'`).join(' or ')
  throw new ConfigError('OPTION_ILLEGAL', `${option} of '${name}' must be ${choice}, got ${show(given)}`)
}
