/** Records to frames that a channel takes: as few as fit, none when one record cannot. */
import { CodecError, encodeBatch } from '../../core/codec/index.ts'
import { RecordTooLargeError } from '../errors.ts'
import { FrameError, frameHeaderBytes, writeBatchFrame, type FrameHead } from '../frame/index.ts'

/** What one call sends; `times` are as many as `records`. */
export interface Records {
  readonly records: readonly unknown[]
  readonly times?: readonly number[] | undefined
}

export interface BatchFrame {
  readonly bytes: Uint8Array
  readonly count: number
}

/**
 * Halves what is larger than `bytesMax`. Throws RecordTooLargeError, or CodecError for a value that cannot
 * cross; both name the record's index among `records` in `details.index`.
 */
export function makeFrames(head: FrameHead, batch: Records, bytesMax: number): BatchFrame[] {
  const frames: BatchFrame[] = []
  const make = (part: Records, from: number): void => {
    const { length } = part.records
    const bytes = tryFrame({ ...head, first: head.first + from }, part, bytesMax)
    if (bytes) {
      frames.push({ bytes, count: length })
    } else if (length === 1) {
      throw new RecordTooLargeError(from, sizeOf(part.records), bytesMax)
    } else {
      const middle = length >> 1
      make(slice(part, 0, middle), from)
      make(slice(part, middle, length), from + middle)
    }
  }
  make(batch, 0)
  return frames
}

const slice = ({ records, times }: Records, from: number, to: number): Records => ({
  records: records.slice(from, to),
  times: times?.slice(from, to),
})

function tryFrame(head: FrameHead, { records, times }: Records, bytesMax: number): Uint8Array | undefined {
  try {
    const bytes = writeBatchFrame(head, records, times)
    return bytes.byteLength <= bytesMax ? bytes : undefined
  } catch (error) {
    if (isOversized(error)) return undefined
    throw error
  }
}

const isOversized = (error: unknown): boolean =>
  (error instanceof FrameError && error.code === 'FRAME_OVERSIZED') ||
  (error instanceof CodecError && error.code === 'VALUE_OVERSIZED')

/** Of one frame with these records; undefined where even encoding them is refused. */
function sizeOf(records: readonly unknown[]): number | undefined {
  try {
    return encodeBatch(records, frameHeaderBytes).byteLength
  } catch {
    return undefined
  }
}
