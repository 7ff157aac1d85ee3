/**
 * The bytes of a slot (little-endian):
 *
 *     0  magic 'MRSL'
 *     4  u32  CRC-32 of everything after it
 *     8  u16  format version
 *    10  u32  length of the payload
 *    14  payload: one value of the codec
 *
 * Magic and checksum keep their place in every later version, so that an altered slot is told from a newer
 * one. Everything is checked before the payload is decoded, and the payload's shape after.
 */
import { crc32 } from 'node:zlib'
import { decodeValue, encodeValue } from '../../core/codec/index.ts'
import { limits } from '../../core/limits.ts'
import { LogError } from '../errors.ts'
import { parseRecord } from './parse-record.ts'
import { placeLabel, type SlotPlace, type SlotRecord } from './record.ts'

const slotFormat = 1
export const slotHeaderBytes = 14
const magic = 0x4c53_524d
const crcFrom = 8

/** Throws `SLOT_TOO_LARGE`. */
export function encodeSlot(record: SlotRecord): Uint8Array {
  const payload = encodeValue(record)
  const bytes = new Uint8Array(slotHeaderBytes + payload.length)
  if (bytes.length > limits.slotBytesMax) throw tooLarge(`a '${record.kind}' record`, bytes.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, magic, true)
  view.setUint16(8, slotFormat, true)
  view.setUint32(10, payload.length, true)
  bytes.set(payload, slotHeaderBytes)
  view.setUint32(4, crc32(bytes.subarray(crcFrom)), true)
  return bytes
}

/** Throws `SLOT_DAMAGED`, `SLOT_VERSION` or `SLOT_TOO_LARGE`. */
export function decodeSlot(bytes: Uint8Array, place: SlotPlace): SlotRecord {
  const name = `log slot ${placeLabel(place)}`
  if (bytes.length > limits.slotBytesMax) throw tooLarge(name, bytes.length)
  const payload = checkedPayload(bytes, name, place)
  try {
    return parseRecord(decodeValue(payload))
  } catch (cause) {
    throw damaged(name, `a record that can be read, found ${(cause as Error).message}`, place, cause)
  }
}

function checkedPayload(bytes: Uint8Array, name: string, place: SlotPlace): Uint8Array {
  if (bytes.length < slotHeaderBytes) {
    throw damaged(name, `at least ${slotHeaderBytes} bytes, found ${bytes.length}`, place)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint32(0, true) !== magic) throw damaged(name, 'the magic MRSL, found other bytes', place)
  const expected = view.getUint32(4, true)
  const found = crc32(bytes.subarray(crcFrom))
  if (expected !== found) throw damaged(name, `checksum ${hex(expected)}, found ${hex(found)}`, place)
  const version = view.getUint16(8, true)
  if (version !== slotFormat) {
    throw new LogError(
      'SLOT_VERSION',
      `${name} has format ${version}, this version of Millrace reads ${slotFormat}; run the version that wrote it`,
      { details: { ...place, found: version, expected: slotFormat } },
    )
  }
  const length = view.getUint32(10, true)
  if (slotHeaderBytes + length !== bytes.length) {
    throw damaged(name, `${slotHeaderBytes + length} bytes, found ${bytes.length}`, place)
  }
  return bytes.subarray(slotHeaderBytes)
}

const hex = (crc: number): string => crc.toString(16).padStart(8, '0')

function damaged(name: string, expectation: string, place: SlotPlace, cause?: unknown): LogError {
  return new LogError(
    'SLOT_DAMAGED',
    `${name} is damaged: expected ${expectation}; restore it from a copy of the store, or consent to an older checkpoint`,
    { cause, details: { ...place } },
  )
}

export function tooLarge(name: string, bytes: number): LogError {
  return new LogError(
    'SLOT_TOO_LARGE',
    `${name} must be at most ${limits.slotBytesMax} bytes, got ${bytes}`,
    {
      details: { bytes, bytesMax: limits.slotBytesMax },
    },
  )
}
