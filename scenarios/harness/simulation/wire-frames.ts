/**
 * What the credit checker needs of a frame, read by a reader of its own: the header's fields where
 * `transport/frame/frame.ts` documents them. Most frames are passed over at their kind.
 */
import { readFrame } from '../../../transport/frame/index.ts'
import type { WireFrame } from '../checkers/index.ts'

const kindAt = 5
const batchKind = 1
const answerKind = 6

/** Of a whole frame, as it leaves its sender. */
export function publishedBatch(bytes: Uint8Array): WireFrame | undefined {
  if (bytes[kindAt] !== batchKind) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return {
    kind: 'batch',
    epoch: { term: view.getUint32(8, true), attempt: view.getUint32(12, true) },
    link: view.getUint32(16, true),
    first: view.getUint32(24, true) + view.getUint32(28, true) * 2 ** 32,
    bytes: bytes.length,
  }
}

/** Of bytes as they arrive, damaged ones too: those grant nothing. */
export function deliveredAnswer(bytes: Uint8Array): WireFrame | undefined {
  if (bytes[kindAt] !== answerKind) return undefined
  try {
    const frame = readFrame(bytes)
    if (frame.kind !== 'answer') return undefined
    return { kind: 'answer', epoch: frame.epoch, link: frame.link, grantedBytes: frame.granted }
  } catch {
    return undefined
  }
}
