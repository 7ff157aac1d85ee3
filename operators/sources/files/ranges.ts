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

export function parseRangeSplit(split: string, paths: readonly string[]): { path: string; range: ByteRange } {
  const colon = split.lastIndexOf(':')
  const path = split.slice(0, colon)
  const label = split.slice(colon + 1)
  const [, from, to] = /^(\d+)-(\d+)$/.exec(label) ?? []
  const range = label === 'all' ? wholeFile : { from: Number(from), to: Number(to) }
  if (!paths.includes(path) || Number.isNaN(range.from)) unknownSplit(split, paths)
  return { path, range }
}

export function unknownSplit(split: string, paths: readonly string[]): never {
  throw new SourceError(
    'SPLIT_UNKNOWN',
    `expected a piece of ${paths.map((path) => `'${path}'`).join(', ')}, found '${split}'; a job must keep its files`,
    { retry: 'fatal', details: { split } },
  )
}
