import { ConfigError } from '../../core/errors.ts'

/** `WINDOW_ILLEGAL`: windows, a trigger or options that cannot work. */
export const windowIllegal = (message: string): ConfigError => new ConfigError('WINDOW_ILLEGAL', message)

/** A whole number ≥ 1. */
export function checkWhole(maker: string, option: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw windowIllegal(`${option} of ${maker} must be a whole number ≥ 1, got ${String(value)}`)
}
