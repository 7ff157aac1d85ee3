/** Splits of files: `<path>:<range>`, where the range is `<from>-<to>` in bytes, or `all`. */
import type { SourceContext } from '../../source.ts'
import { SourceError } from '../errors.ts'
import { statFile } from './identity.ts'

/** The bytes in which a split's records begin. `to` is nominal: it may lie beyond the file's end. */
export interface ByteRange {
  readonly from: number
  readonly to: number
}

export const wholeFile: ByteRange = { from: 0, to: Number.MAX_SAFE_INTEGER }

export const rangeLabel = (range: ByteRange): string =>
  range.to === wholeFile.to ? 'all' : `${range.from}-${range.to}`

/** Fixed-size ranges over every file; their ids do not depend on the files' sizes. */
export async function rangeSplits(
  context: SourceContext,
  paths: readonly string[],
  splitBytes: number | null,
): Promise<readonly string[]> {
  const splits: string[] = []
  for (const path of paths) {
    const { bytes } = await statFile(context.files, path)
    if (splitBytes === null) {
      splits.push(`${path}:${rangeLabel(wholeFile)}`)
      continue
    }
    for (let from = 0; from === 0 || from < bytes; from += splitBytes) {
      splits.push(`${path}:${rangeLabel({ from, to: from + splitBytes })}`)
    }
  }
  return splits
}

/** Pieces of another size are other splits, even where they begin alike: both kinds together repeat rows. */
export function parseRangeSplit(
  split: string,
  paths: readonly string[],
  splitBytes: number | null,
): { path: string; range: ByteRange } {
  const colon = split.lastIndexOf(':')
  const path = split.slice(0, colon)
  const from = splitBytes === null ? 0 : Number.parseInt(split.slice(colon + 1), 10)
  const range = splitBytes === null ? wholeFile : { from, to: from + splitBytes }
  const legal = paths.includes(path) && split === `${path}:${rangeLabel(range)}`
  if (legal && (splitBytes === null || from % splitBytes === 0)) return { path, range }
  return unknownSplit(split, paths, splitBytes)
}

export function unknownSplit(
  split: string,
  paths: readonly string[],
  splitBytes: number | null = null,
): never {
  const size = splitBytes === null ? '' : ` in pieces of ${splitBytes} bytes`
  throw new SourceError(
    'SPLIT_UNKNOWN',
    `expected a piece of ${paths.map((path) => `'${path}'`).join(', ')}${size}, found '${split}'; a job must keep its files, and the size of their pieces`,
    { retry: 'fatal', details: { split } },
  )
}
