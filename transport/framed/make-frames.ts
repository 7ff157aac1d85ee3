/** Records to frames that a channel takes: as few as fit, none when one record cannot. */
import { CodecError, encodeBatch } from '../../core/codec/index.ts'
import { RecordTooLargeError } from '../errors.ts'
import { FrameError, frameHeaderBytes, writeBatchFrame, type FrameHead } from '../frame.ts'

export interface BatchFrame {
  readonly bytes: Uint8Array
  readonly count: number
}

/**
 * Halves what is larger than `bytesMax`. Throws RecordTooLargeError, or CodecError for a value that cannot
 * cross; both name the record's index among `records` in `details.index`.
 */
export function makeFrames(head: FrameHead, records: readonly unknown[], bytesMax: number): BatchFrame[] {
  const frames: BatchFrame[] = []
  const make = (part: readonly unknown[], from: number): void => {
    const bytes = tryFrame({ ...head, first: head.first + from }, part, bytesMax)
    if (bytes) {
      frames.push({ bytes, count: part.length })
    } else if (part.length === 1) {
      throw new RecordTooLargeError(from, sizeOf(part), bytesMax)
    } else {
      const middle = part.length >> 1
      make(part.slice(0, middle), from)
      make(part.slice(middle), from + middle)
    }
  }
  make(records, 0)
  return frames
}

function tryFrame(head: FrameHead, records: readonly unknown[], bytesMax: number): Uint8Array | undefined {
  try {
    const bytes = writeBatchFrame(head, records)
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
