import { ConfigError } from '../../core/errors.ts'

/** A whole number ≥ 1. */
export function checkWhole(what: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return
  throw new ConfigError('OPTION_ILLEGAL', `${what} must be a whole number ≥ 1, got ${String(value)}`)
}
