/**
 * Control messages as bytes: CRC-32, then one value of the codec. A message that was damaged or forged is no
 * message: the conversation resends what was lost, so nothing more is needed than not to believe it.
 */
import { crc32 } from 'node:zlib'
import { decodeValue, encodeMessage } from '../../core/codec/index.ts'
import type { Envelope } from './conversation.ts'

const headBytes = 4

export function encodeEnvelope(envelope: Envelope): Uint8Array {
  const payload = encodeMessage(envelope)
  const bytes = new Uint8Array(headBytes + payload.length)
  new DataView(bytes.buffer).setUint32(0, crc32(payload), true)
  bytes.set(payload, headBytes)
  return bytes
}

/** Undefined for anything that `encodeEnvelope` did not make. */
export function decodeEnvelope(bytes: Uint8Array): Envelope | undefined {
  if (bytes.length <= headBytes) return undefined
  const payload = bytes.subarray(headBytes)
  const expected = new DataView(bytes.buffer, bytes.byteOffset, headBytes).getUint32(0, true)
  if (crc32(payload) !== expected) return undefined
  try {
    const value = decodeValue(payload)
    return isEnvelope(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isEnvelope(value: unknown): value is Envelope {
  if (typeof value !== 'object' || value === null) return false
  const { kind, from, number, next } = value as Record<string, unknown>
  if (typeof from !== 'string') return false
  if (!Number.isSafeInteger(next)) return false
  return kind === 'message' ? Number.isSafeInteger(number) && 'body' in value : kind === 'acknowledge'
}
