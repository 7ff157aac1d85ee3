/** A frame's header: what every kind has, sealed with the checksum, and checked before anything is believed. */
import { crc32 } from 'node:zlib'
import { limits } from '../../core/limits.ts'
import type { Term, LinkId } from '../../core/ids.ts'
import { checkField, readWhole, viewOf, writeUint32, writeWhole } from './fields.ts'
import { FrameError, frameHeaderBytes, type Frame, type FrameHead } from './frame.ts'

const magic = 0x4c4c494d
const version = 2
const kinds = ['batch', 'watermark', 'barrier', 'end', 'probe', 'answer', 'overtake'] as const

/** Of each kind's payload; −1 where it varies. */
export const payloadBytes = {
  batch: -1,
  watermark: 8,
  barrier: 9,
  end: 0,
  probe: 12,
  answer: 20,
  overtake: 16,
} as const

export function seal(
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
export function checkEnvelope(bytes: Uint8Array, view: DataView): Frame['kind'] {
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

export function readHead(view: DataView): FrameHead {
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

/** Numbers that an element of this kind takes; a batch takes one a record. */
export const countOf = (kind: Exclude<Frame['kind'], 'batch'>): number =>
  kind === 'probe' || kind === 'answer' || kind === 'overtake' ? 0 : 1

/** How long the frame is with which `bytes` begin. Throws FrameError for fewer bytes than that. */
export function frameLength(bytes: Uint8Array): number {
  if (bytes.byteLength < frameHeaderBytes) throw truncated(frameHeaderBytes, bytes.byteLength)
  const length = frameHeaderBytes + viewOf(bytes).getUint32(32, true)
  if (length > bytes.byteLength) throw truncated(length, bytes.byteLength)
  return length
}

const checksum = (bytes: Uint8Array): number =>
  crc32(bytes.subarray(frameHeaderBytes), crc32(bytes.subarray(0, frameHeaderBytes - 4)))

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
