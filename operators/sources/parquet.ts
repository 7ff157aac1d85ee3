/** Parquet files: a row group is a split, the row within the group is the position. */
import type { SourceDefinition, SplitReader } from '../source.ts'
import { openFile } from './files/identity.ts'
import { unknownSplit } from './files/ranges.ts'
import { resolveBadRows, resolvePaths, type RowOptions } from './options.ts'
import { ParquetFile } from './parquet/file.ts'
import { parseParquetPosition, ParquetReader, type ParquetRow } from './parquet/reader.ts'

export type { ParquetRow } from './parquet/reader.ts'

export interface ParquetOptions<T> extends RowOptions<ParquetRow, T> {
  /** Only these columns are read; default: all. */
  readonly columns?: readonly string[]
}

/**
 * The rows of Parquet files as plain objects; INT64 is a bigint and a timestamp a Date, as hyparquet has them.
 * Row groups are read in parallel; each is held in memory, in columns, while it is read. Needs the packages
 * `hyparquet` and `hyparquet-compressors`.
 */
export function fromParquet<T = ParquetRow>(
  path: string | readonly string[],
  options: ParquetOptions<T> = {},
): SourceDefinition<T> {
  const paths = resolvePaths('parquet', path)
  const badRows = resolveBadRows('parquet', options.badRows)
  const columns = options.columns ?? null
  return {
    kind: 'parquet',
    replayable: true,
    bounded: true,
    deadLetters: badRows === 'dead-letter',
    // One after the other: row groups are in the file's order then, and only one is in memory.
    splitsAtOnce: 1,
    splits: async ({ files }) => {
      const splits: string[] = []
      for (const each of paths) {
        const file = await openFile(files, each, null)
        try {
          const { groups } = await ParquetFile.open(file, columns)
          for (let group = 0; group < groups.length; group += 1) splits.push(`${each}:${group}`)
        } finally {
          await file.handle.close()
        }
      }
      return splits
    },
    open: async (split, position, { files }): Promise<SplitReader<T>> => {
      const { path: each, group } = parseGroupSplit(split, paths)
      const from = parseParquetPosition(each, position)
      const file = await openFile(files, each, from?.file ?? null)
      try {
        const parquet = await ParquetFile.open(file, columns)
        if (group >= parquet.groups.length) unknownSplit(split, paths)
        return new ParquetReader<T>(parquet, { group, row: from?.row ?? 0, badRows, decode: options.decode })
      } catch (cause) {
        await file.handle.close()
        throw cause
      }
    },
  }
}

function parseGroupSplit(split: string, paths: readonly string[]): { path: string; group: number } {
  const colon = split.lastIndexOf(':')
  const path = split.slice(0, colon)
  const label = split.slice(colon + 1)
  if (!paths.includes(path) || !/^\d+$/.test(label)) unknownSplit(split, paths)
  return { path, group: Number(label) }
}
