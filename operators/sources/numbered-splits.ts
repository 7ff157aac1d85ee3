/** Splits that are mere numbers: `0`, `1` … */
import { SourceError } from './errors.ts'

export const numberedSplits = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, k) => String(k))

export function splitNumber(split: string, count: number): number {
  const k = Number(split)
  if (Number.isSafeInteger(k) && k >= 0 && k < count && String(k) === split) return k
  throw new SourceError(
    'SPLIT_UNKNOWN',
    `expected a split from '0' to '${count - 1}', found '${split}'; the number of splits must stay the same for a job`,
    {
      retry: 'fatal',
      details: { split, splits: count },
    },
  )
}
