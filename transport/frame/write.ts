/** Elements and questions to frames. */
import { encodeBatch } from '../../core/codec/index.ts'
import { viewOf, writeUint32, writeWhole } from './fields.ts'
import { frameHeaderBytes, type Frame, type FrameHead } from './frame.ts'
import { countOf, payloadBytes, seal } from './header.ts'
import { appendTimes } from './times.ts'

/** The bytes of a frame. For a batch of records `writeBatchFrame` saves a copy. Throws FrameError. */
export function writeFrame(frame: Frame): Uint8Array {
  const payloadLength = frame.kind === 'batch' ? frame.payload.byteLength : payloadBytes[frame.kind]
  const bytes = new Uint8Array(frameHeaderBytes + payloadLength)
  const view = viewOf(bytes)
  const at = frameHeaderBytes
  switch (frame.kind) {
    case 'batch':
      bytes.set(frame.payload, at)
      break
    case 'watermark':
      view.setFloat64(at, frame.atMs, true)
      break
    case 'barrier':
      writeWhole(view, at, frame.checkpoint)
      view.setUint8(at + 8, frame.final ? 1 : 0)
      break
    case 'probe':
      writeUint32(view, at, frame.probeId)
      writeWhole(view, at + 4, frame.sent)
      break
    case 'answer':
      writeUint32(view, at, frame.probeId)
      writeWhole(view, at + 4, frame.received)
      writeWhole(view, at + 12, frame.granted)
      break
    case 'overtake':
      writeWhole(view, at, frame.checkpoint)
      writeWhole(view, at + 8, frame.cutBytes)
      break
    case 'end':
      break
  }
  seal(bytes, view, frame, {
    kind: frame.kind,
    count: frame.kind === 'batch' ? frame.count : countOf(frame.kind),
    flag:
      (frame.kind === 'batch' && frame.timed === true) || (frame.kind === 'watermark' && frame.idle === true),
  })
  return bytes
}

/**
 * The frame of a batch; records are encoded straight behind the header. Throws CodecError for a record that
 * cannot cross, and FrameError `FRAME_OVERSIZED` with `details.bytes` when they exceed `limits.frameBytesMax`.
 */
export function writeBatchFrame(
  head: FrameHead,
  records: readonly unknown[],
  times?: readonly number[],
): Uint8Array {
  const batch = encodeBatch(records, frameHeaderBytes)
  const bytes = times ? appendTimes(batch, times) : batch
  seal(bytes, viewOf(bytes), head, { kind: 'batch', count: records.length, flag: times !== undefined })
  return bytes
}
