/** Option values, rejected with the reason by commander's own error. */
import { InvalidArgumentError } from 'commander'

/** A parser of whole numbers of at least `min`. */
export function wholeNumber(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= min) return value
    throw new InvalidArgumentError(`It must be a whole number ≥ ${min}.`)
  }
}

/** A checkpoint's id, or `none`. */
export const idOrNone = (text: string): number | 'none' =>
  text === 'none' || text === '0' ? 'none' : wholeNumber(1)(text)
