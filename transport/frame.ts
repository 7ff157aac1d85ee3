/**
 * Frames: what a link sends between processes. One message carries one element, or a question about the link,
 * or the answer to one. A header of `frameHeaderBytes`, little-endian, then the payload:
 *
 * | at | bytes | field |
 * |---|---|---|
 * | 0 | 4 | magic `MILL` |
 * | 4 | 1 | format version |
 * | 5 | 1 | kind |
 * | 6 | 2 | flags: 1 where a batch's records have event times, or a watermark is idle; else 0 |
 * | 8 | 4 | epoch: term |
 * | 12 | 4 | epoch: attempt |
 * | 16 | 4 | link |
 * | 20 | 4 | count: how many numbers the element takes |
 * | 24 | 8 | first: number of the first of them |
 * | 32 | 4 | payload length |
 * | 36 | 4 | CRC-32 of the header before it and of the payload |
 *
 * Payloads: batch `encodeBatch`, and event times behind it (`times.ts`) if it has any; watermark f64; barrier
 * checkpoint u64, final u8; probe id u32, sent u64; answer probe id u32, received u64, granted u64; overtake
 * checkpoint u64, cut u64; end none. A u64 here is a safe integer.
 *
 * Nothing of a frame is believed before its length and checksum are right; the payload of a batch is not
 * decoded here.
 */
import { crc32 } from 'node:zlib'
import { decodeBatch, encodeBatch } from '../core/codec/index.ts'
import type { Batch } from '../core/elements.ts'
import { MillraceError } from '../core/errors.ts'
import type { CheckpointId, Epoch, LinkId, Term } from '../core/ids.ts'
import { limits } from '../core/limits.ts'
import { appendTimes, readTimes } from './times.ts'

export const frameHeaderBytes = 40

/** Which frame of which link. */
export interface FrameHead {
  readonly epoch: Epoch
  /** An answer carries the id of the link that it is about, against its direction. */
  readonly link: LinkId
  /** Number of the first element in the frame; of the barrier that overtakes; 0 for probes and answers. */
  readonly first: number
}

export type FrameContent =
  | { readonly kind: 'batch'; readonly count: number; readonly payload: Uint8Array; readonly timed?: boolean }
  | { readonly kind: 'watermark'; readonly atMs: number; readonly idle?: boolean }
  | { readonly kind: 'barrier'; readonly checkpoint: CheckpointId; readonly final: boolean }
  | { readonly kind: 'end' }
  /** Sender to receiver: where are you? `sent` is the number of the sender's next element. */
  | { readonly kind: 'probe'; readonly probeId: number; readonly sent: number }
  /** Receiver to sender, absolute (L2): the number expected next, and bytes granted since number 0. */
  | {
      readonly kind: 'answer'
      /** The probe that this answers, or 0. */
      readonly probeId: number
      readonly received: number
      readonly granted: number
    }
  /**
   * Sender to receiver, outside the numbering (C4): the barrier with number `first` is on its way, behind `cutBytes`
   * bytes of batches since number 0.
   */
  | { readonly kind: 'overtake'; readonly checkpoint: CheckpointId; readonly cutBytes: number }

export type Frame = FrameHead & FrameContent

/**
 * Why bytes are no frame; all transient, for a damaged message is resent. `FRAME_FIELD`: the checksum is right
 * and a field is not, as from a faulty writer.
 */
export type FrameErrorCode =
  | 'FRAME_TRUNCATED'
  | 'FRAME_MAGIC'
  | 'FRAME_VERSION'
  | 'FRAME_KIND'
  | 'FRAME_LENGTH'
  | 'FRAME_CHECKSUM'
  | 'FRAME_OVERSIZED'
  | 'FRAME_FIELD'

export class FrameError extends MillraceError<FrameErrorCode> {
  constructor(code: FrameErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(code, message, { retry: 'retry', details })
  }
}

const magic = 0x4c4c494d
const version = 2
const kinds = ['batch', 'watermark', 'barrier', 'end', 'probe', 'answer', 'overtake'] as const
/** Of each kind's payload; −1 where it varies. */
const payloadBytes = {
  batch: -1,
  watermark: 8,
  barrier: 9,
  end: 0,
  probe: 12,
  answer: 20,
  overtake: 16,
} as const

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

/** How long the frame is with which `bytes` begin. Throws FrameError for fewer bytes than that. */
export function frameLength(bytes: Uint8Array): number {
  if (bytes.byteLength < frameHeaderBytes) throw truncated(frameHeaderBytes, bytes.byteLength)
  const length = frameHeaderBytes + viewOf(bytes).getUint32(32, true)
  if (length > bytes.byteLength) throw truncated(length, bytes.byteLength)
  return length
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

function seal(
  bytes: Uint8Array,
  view: DataView,
  head: FrameHead,
  own: { readonly kind: Frame['kind']; readonly count: number; readonly flag: boolean },
): void {
  if (bytes.byteLength > limits.frameBytesMax) throw oversized(bytes.byteLength)
  view.setUint32(0, magic, true)
  view.setUint8(4, version)
  view.setUint8(5, kinds.indexOf(own.kind) + 1)
  view.setUint16(6, own.flag ? 1 : 0, true)
  writeUint32(view, 8, head.epoch.term)
  writeUint32(view, 12, head.epoch.attempt)
  writeUint32(view, 16, head.link)
  writeUint32(view, 20, own.count)
  writeWhole(view, 24, head.first)
  view.setUint32(32, bytes.byteLength - frameHeaderBytes, true)
  view.setUint32(36, checksum(bytes), true)
}

/** Everything that needs no trust in the content: sizes, magic, version, kind, checksum. */
function checkEnvelope(bytes: Uint8Array, view: DataView): Frame['kind'] {
  const { byteLength } = bytes
  if (byteLength > limits.frameBytesMax) throw oversized(byteLength)
  if (byteLength < frameHeaderBytes) throw truncated(frameHeaderBytes, byteLength)
  if (view.getUint32(0, true) !== magic) {
    throw new FrameError('FRAME_MAGIC', 'expected a frame of Millrace, found other bytes')
  }
  const foundVersion = view.getUint8(4)
  if (foundVersion !== version) {
    throw new FrameError('FRAME_VERSION', `expected frame format ${version}, found ${foundVersion}`)
  }
  const kind = kinds[view.getUint8(5) - 1]
  if (!kind)
    throw new FrameError('FRAME_KIND', `expected a kind from 1 to ${kinds.length}, found ${view.getUint8(5)}`)
  const declared = frameHeaderBytes + view.getUint32(32, true)
  if (declared > limits.frameBytesMax) throw oversized(declared)
  if (declared > byteLength) throw truncated(declared, byteLength)
  if (declared < byteLength) {
    throw new FrameError('FRAME_LENGTH', `expected a frame of ${declared} bytes, found ${byteLength}`)
  }
  if (view.getUint32(36, true) !== checksum(bytes)) {
    throw new FrameError(
      'FRAME_CHECKSUM',
      'expected the checksum of the content, found another: damaged on its way',
    )
  }
  return kind
}

function readHead(view: DataView): FrameHead {
  const term = view.getUint32(8, true)
  const attempt = view.getUint32(12, true)
  checkField(term >= 1, 'the term', term)
  checkField(view.getUint16(6, true) <= 1, 'the flags', view.getUint16(6, true))
  return {
    epoch: { term: term as Term, attempt },
    link: view.getUint32(16, true) as LinkId,
    first: readWhole(view, 24),
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

const countOf = (kind: Exclude<Frame['kind'], 'batch'>): number =>
  kind === 'probe' || kind === 'answer' || kind === 'overtake' ? 0 : 1

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const checksum = (bytes: Uint8Array): number =>
  crc32(bytes.subarray(frameHeaderBytes), crc32(bytes.subarray(0, frameHeaderBytes - 4)))

function writeUint32(view: DataView, at: number, value: number): void {
  checkField(value >>> 0 === value, 'a number of 32 bits', value)
  view.setUint32(at, value, true)
}

function writeWhole(view: DataView, at: number, value: number): void {
  checkField(Number.isSafeInteger(value) && value >= 0, 'a number', value)
  view.setUint32(at, value % 0x1_0000_0000, true)
  view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true)
}

function readWhole(view: DataView, at: number): number {
  const value = view.getUint32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true)
  checkField(Number.isSafeInteger(value), 'a number', value)
  return value
}

function checkField(holds: boolean, what: string, found: number): void {
  if (!holds) throw new FrameError('FRAME_FIELD', `${what} is out of its range: ${found}`)
}

const oversized = (bytes: number): FrameError =>
  new FrameError(
    'FRAME_OVERSIZED',
    `expected a frame of at most ${limits.frameBytesMax} bytes, found ${bytes}`,
    {
      bytes,
    },
  )

const truncated = (expected: number, length: number): FrameError =>
  new FrameError('FRAME_TRUNCATED', `expected a frame of ${expected} bytes, found ${length}`)
