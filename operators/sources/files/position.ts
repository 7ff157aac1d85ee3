import type { BadRecord, Chunk } from '../../source.ts'
import { SourceError } from '../errors.ts'
import { changedError, type FileIdentity } from './identity.ts'
import { rangeLabel, type ByteRange } from './ranges.ts'
import type { Rows } from './rows.ts'
import { show } from '../../../core/show.ts'

export interface TextPosition extends TextStart {
  readonly file: FileIdentity
  readonly range: string
}

/** Where reading begins. */
export interface TextStart {
  readonly offset: number
  /** The line at `offset`, from 1; null where only the offset is known. */
  readonly line: number | null
  /** The first record begins after the first line break from `offset` on, not at it. */
  readonly inRecord: boolean
}

export const rangeStart = (range: ByteRange): TextStart =>
  range.from === 0
    ? { offset: 0, line: 1, inRecord: false }
    : { offset: range.from - 1, line: null, inRecord: true }

export function parseTextPosition(path: string, range: ByteRange, position: unknown): TextPosition | null {
  if (position === null || position === undefined) return null
  const { file, range: label, offset, line, inRecord } = position as Partial<TextPosition>
  if (
    !file ||
    typeof file.head !== 'string' ||
    typeof offset !== 'number' ||
    !Number.isSafeInteger(offset) ||
    offset < 0
  ) {
    throw new SourceError('POSITION_ILLEGAL', `expected a position in '${path}', found ${show(position)}`, {
      retry: 'fatal',
      details: { file: path },
    })
  }
  if (label !== rangeLabel(range))
    throw changedError(path, `the position is one of its bytes ${label}, not of ${rangeLabel(range)}`)
  return { file, range: label, offset, line: line ?? null, inRecord: inRecord === true }
}

interface ChunkPlace {
  readonly file: FileIdentity
  readonly range: ByteRange
  readonly base: number
  readonly rows: Rows
}

export class TextChunk<T> implements Chunk<T> {
  readonly records: readonly (T | BadRecord)[]
  private readonly place: ChunkPlace

  constructor(records: readonly (T | BadRecord)[], place: ChunkPlace) {
    this.records = records
    this.place = place
  }

  positionAfter(index: number): TextPosition {
    const { file, range, base, rows } = this.place
    return {
      file,
      range: rangeLabel(range),
      offset: base + rows.end(index),
      line: rows.nextLine(index),
      inRecord: rows.cutShort && index === rows.count - 1,
    }
  }
}
