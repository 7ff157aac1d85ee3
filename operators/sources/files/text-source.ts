/** A source over text files, whose splits are ranges of bytes. */
import type { SourceContext, SourceDefinition, SplitReader } from '../../source.ts'
import { openFile, type OpenFile } from './identity.ts'
import { parseTextPosition, rangeStart, type TextStart } from './position.ts'
import { parseRangeSplit, rangeSplits } from './ranges.ts'
import type { TextFormat } from './text-format.ts'
import { TextReader } from './text-reader.ts'

export const splitBytesDefault = 64 * 1024 * 1024
export const blockBytesDefault = 256 * 1024
export const rowBytesMaxDefault = 16 * 1024 * 1024

export interface TextSource<T> {
  readonly kind: string
  readonly paths: readonly string[]
  /** Null: a file is one split. */
  readonly splitBytes: number | null
  readonly deadLetters: boolean
  /** The format, and where the first record is, once the file is open. */
  readonly begin: (file: OpenFile) => Promise<{ format: TextFormat<T>; first: TextStart | null }>
}

export function textSource<T>({
  kind,
  paths,
  splitBytes,
  deadLetters,
  begin,
}: TextSource<T>): SourceDefinition<T> {
  return {
    kind,
    replayable: true,
    bounded: true,
    deadLetters,
    // One after the other: the pieces of a file are in its order then, and only one is in memory.
    splitsAtOnce: 1,
    splits: (context) => rangeSplits(context, paths, splitBytes),
    open: async (split, position, context: SourceContext): Promise<SplitReader<T>> => {
      const { path, range } = parseRangeSplit(split, paths, splitBytes)
      const from = parseTextPosition(path, range, position)
      const file = await openFile(context.files, path, from?.file ?? null)
      try {
        const { format, first } = await begin(file)
        return new TextReader(file, range, from ?? first ?? rangeStart(range), format)
      } catch (cause) {
        await file.handle.close()
        throw cause
      }
    },
  }
}
