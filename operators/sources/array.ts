import { CodecError, decodeBatch, encodeBatch } from '../../core/codec/index.ts'
import type { Chunk, SourceDefinition, SplitReader } from '../source.ts'
import { SourceError } from './errors.ts'
import { splitNumber } from './numbered-splits.ts'
import { show } from '../../core/show.ts'

const blockValues = 256

/** What the source keeps: bytes, so that nobody can change the values between a read and its replay. */
interface Encoded {
  readonly count: number
  readonly blocks: readonly Uint8Array[]
}

/**
 * The values of an array, as they are now: later changes of the array, or of a record, do not show. One
 * split; replays by index. Throws SourceError `VALUE_UNSUPPORTED` for a value that is not plain data.
 */
export function fromArray<T>(values: readonly T[]): SourceDefinition<T> {
  const encoded = encode(values)
  return {
    kind: 'array',
    replayable: true,
    bounded: true,
    deadLetters: false,
    splits: async () => ['0'],
    open: async (split, position) => {
      splitNumber(split, 1)
      return new ArrayReader<T>(encoded, startIndex(position, encoded.count))
    },
  }
}

function encode(values: readonly unknown[]): Encoded {
  const blocks: Uint8Array[] = []
  for (let first = 0; first < values.length; first += blockValues) {
    try {
      blocks.push(encodeBatch(values.slice(first, first + blockValues)))
    } catch (cause) {
      if (!(cause instanceof CodecError)) throw cause
      const within = cause.details.index
      const index = first + (typeof within === 'number' ? within : 0)
      throw new SourceError('VALUE_UNSUPPORTED', `fromArray: the value at index ${index}: ${cause.message}`, {
        retry: 'fatal',
        cause,
        details: { ...cause.details, index },
      })
    }
  }
  return { count: values.length, blocks }
}

function startIndex(position: unknown, count: number): number {
  if (position === null || position === undefined) return 0
  if (typeof position !== 'number' || !Number.isSafeInteger(position) || position < 0) {
    throw new SourceError('POSITION_ILLEGAL', `expected an index of an array, found ${show(position)}`, {
      retry: 'fatal',
    })
  }
  if (position > count) {
    throw new SourceError(
      'SOURCE_CHANGED',
      `the checkpoint had read ${position} values of the array, which now has ${count}; give the job the same array, or start it afresh`,
      { retry: 'fatal', details: { position, count } },
    )
  }
  return position
}

class ArrayReader<T> implements SplitReader<T> {
  private readonly encoded: Encoded
  private next: number

  constructor(encoded: Encoded, next: number) {
    this.encoded = encoded
    this.next = next
  }

  read(): Chunk<T> | null {
    const { blocks, count } = this.encoded
    const first = this.next
    const block = blocks[Math.floor(first / blockValues)]
    if (first === count || !block) return null
    const values = decodeBatch(block) as T[]
    const records = first % blockValues === 0 ? values : values.slice(first % blockValues)
    this.next = first + records.length
    return { records, positionAfter: (index) => first + index + 1 }
  }

  async close(): Promise<void> {}
}
