/** Frames to elements and questions: exactly one frame, whole and undamaged, or a FrameError. */
import { decodeBatch } from '../../core/codec/index.ts'
import type { Batch } from '../../core/elements.ts'
import type { CheckpointId } from '../../core/ids.ts'
import { checkField, readWhole, viewOf } from './fields.ts'
import { FrameError, frameHeaderBytes, type Frame, type FrameHead } from './frame.ts'
import { checkEnvelope, countOf, payloadBytes, readHead } from './header.ts'
import { readTimes } from './times.ts'

/** Throws FrameError for what is not exactly one frame. The payload of a batch is a view of `bytes`. */
export function readFrame(bytes: Uint8Array): Frame {
  const view = viewOf(bytes)
  const kind = checkEnvelope(bytes, view)
  const head = readHead(view)
  const count = view.getUint32(20, true)
  const flag = view.getUint16(6, true) === 1
  const payload = bytes.subarray(frameHeaderBytes)
  const expected = payloadBytes[kind]
  if (expected >= 0 && payload.byteLength !== expected) {
    throw new FrameError(
      'FRAME_LENGTH',
      `a ${kind} has ${expected} bytes of payload, found ${payload.byteLength}`,
    )
  }
  if (kind === 'batch') {
    checkField(count >= 1 && count <= payload.byteLength, 'the count of a batch', count)
    return flag ? { ...head, kind, count, payload, timed: true } : { ...head, kind, count, payload }
  }
  checkField(!flag || kind === 'watermark', 'the flags', 1)
  checkField(count === countOf(kind), `the count of a ${kind}`, count)
  return readSignal(head, kind, view)
}

/** The records of a batch's frame. Throws CodecError, or FrameError when there are not as many as it says. */
export function readBatch(frame: Frame & { readonly kind: 'batch' }): Batch {
  const { records, times } = frame.timed
    ? decodeTimed(frame.payload, frame.count)
    : { records: decodeBatch(frame.payload), times: undefined }
  if (records.length !== frame.count) {
    throw new FrameError(
      'FRAME_FIELD',
      `expected ${frame.count} records in the frame, found ${records.length}`,
    )
  }
  return times ? { kind: 'batch', records, times } : { kind: 'batch', records }
}

function decodeTimed(payload: Uint8Array, count: number): { records: unknown[]; times: readonly number[] } {
  const { before, times } = timesOf(payload, count)
  checkField(times.length === count, 'the number of event times', times.length)
  return { records: decodeBatch(before), times }
}

function timesOf(payload: Uint8Array, count: number): ReturnType<typeof readTimes> {
  try {
    return readTimes(payload, count)
  } catch (error) {
    throw new FrameError('FRAME_FIELD', `expected event times behind the records, found ${String(error)}`)
  }
}

function readSignal(head: FrameHead, kind: Exclude<Frame['kind'], 'batch'>, view: DataView): Frame {
  const at = frameHeaderBytes
  switch (kind) {
    case 'watermark': {
      const atMs = view.getFloat64(at, true)
      checkField(!Number.isNaN(atMs), 'a watermark', atMs)
      return view.getUint16(6, true) === 1 ? { ...head, kind, atMs, idle: true } : { ...head, kind, atMs }
    }
    case 'barrier': {
      const checkpoint = readWhole(view, at)
      const final = view.getUint8(at + 8)
      checkField(checkpoint >= 1 && final <= 1, 'a barrier', checkpoint)
      return { ...head, kind, checkpoint: checkpoint as CheckpointId, final: final === 1 }
    }
    case 'end':
      return { ...head, kind }
    case 'probe':
      return { ...head, kind, probeId: view.getUint32(at, true), sent: readWhole(view, at + 4) }
    case 'answer': {
      const probeId = view.getUint32(at, true)
      return { ...head, kind, probeId, received: readWhole(view, at + 4), granted: readWhole(view, at + 12) }
    }
    case 'overtake': {
      const checkpoint = readWhole(view, at)
      checkField(checkpoint >= 1, 'a barrier', checkpoint)
      return { ...head, kind, checkpoint: checkpoint as CheckpointId, cutBytes: readWhole(view, at + 8) }
    }
  }
}
