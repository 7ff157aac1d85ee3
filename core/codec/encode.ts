/** Values to bytes: MessagePack with record definitions for equal shapes (msgpackr), each result readable alone. */
import { Packr, RESERVE_START_SPACE } from 'msgpackr'
import { limits } from '../limits.ts'
import { CodecError } from './error.ts'
import { envelopeDepth } from './decode.ts'
import { escapeValue } from './escape.ts'
import { beginFits, Familiar, fits, fitsNeedEscape, fitsRoom } from './fits.ts'
import { flatShape, writeFlatBatch } from './flat-batch.ts'
import { findFlaw } from './flaw.ts'

/** `moreTypes`: typed arrays keep their type. `useToJSON`: a field of that name is a field. */
const packr = new Packr({ moreTypes: true, useToJSON: false })

/** msgpackr's scratch memory is put back to this after a larger result, which small ones would keep alive. */
const scratchBytes = 256 * 1024

const valueDepthMax = limits.valueDepthMax + envelopeDepth
/** Of single values, which are small: the entries of one state have one shape. */
const familiarValues = new Familiar()
const familiarRows = new Familiar()
/** Of a value in an array in an array. */
const rowDepth = 3

/**
 * Records as one batch. Any record arrives equal, types included (references shared within it may arrive as
 * copies, Buffers arrive as Uint8Array), or a CodecError names where it does not fit: `details.index`, `.path`,
 * `.found`. The first `reserveBytes` (≤ 255) of the result are left to the caller.
 */
export function encodeBatch(records: readonly unknown[], reserveBytes = 0): Uint8Array {
  const depthMax = limits.valueDepthMax
  const familiar = new Familiar()
  beginFits({ depthMax, remembered: familiar })
  let escapes = false
  const flat = flatBatch(records, familiar, reserveBytes)
  if (flat) return flat
  for (let index = 0; index < records.length; index += 1) {
    const record = records[index]
    if (!fits(record, limits.frameBytesMax)) escapes = refuse(record, { depthMax, index }) || escapes
  }
  return pack(records, escapes || fitsNeedEscape(), reserveBytes)
}

/** Fewer are not worth a look at whether they are flat. */
const flatRecordsMin = 4
const flatUsesMin = 1024
const flatKeysMax = 64
const flatFailuresMax = 8

/** The bytes when all records are flat and of one shape that was seen often; else undefined. */
function flatBatch(
  records: readonly unknown[],
  familiar: Familiar,
  reserveBytes: number,
): Uint8Array | undefined {
  if (records.length < flatRecordsMin || !fits(records[0], limits.frameBytesMax)) return undefined
  const shape = familiar.shapes[1]
  if (!shape || shape.flat === null) return undefined
  if (shape.flat === undefined) {
    shape.uses += records.length
    if (shape.uses < flatUsesMin) return undefined
    shape.flat = (shape.keys.length <= flatKeysMax && flatShape(shape.keys)) || null
    if (!shape.flat) return undefined
  }
  const bytes = writeFlatBatch(records, shape.flat, reserveBytes)
  if (!bytes && (shape.flatFailures += 1) >= flatFailuresMax) shape.flat = null
  return bytes
}

/** One value for state, positions, control and manifests; rules as of `encodeBatch`. */
export function encodeValue(value: unknown): Uint8Array {
  beginFits({ depthMax: valueDepthMax, remembered: familiarValues })
  const escapes = fits(value, limits.slotBytesMax)
    ? fitsNeedEscape()
    : refuse(value, { depthMax: valueDepthMax })
  return pack(value, escapes, 0)
}

/**
 * The same bytes as `encodeValue(rows)`, for arrays of arrays that the caller made: what is in them is looked at, they
 * themselves are not, which costs as much as packing them.
 */
export function encodeRows(rows: readonly (readonly unknown[])[]): Uint8Array {
  beginFits({ depthMax: valueDepthMax, remembered: familiarRows })
  let room = limits.slotBytesMax
  for (const row of rows) {
    for (const value of row) {
      if (!fits(value, room, rowDepth)) return pack(rows, refuse(rows, { depthMax: valueDepthMax }), 0)
      room = fitsRoom()
    }
  }
  return pack(rows, fitsNeedEscape(), 0)
}

/**
 * A message of the engine's own, plain data by its type: encoded without looking for what would not arrive, which
 * costs as much again for values of ever changing shapes. Read it with `decodeValue`.
 */
export const encodeMessage = (message: object): Uint8Array => pack(message, false, 0)

/**
 * The complete check of a value, without encoding: what debug mode asks of records that stay in memory.
 * Throws as `encodeBatch`.
 */
export function checkValue(value: unknown, index?: number): void {
  const flaw = findFlaw(value)
  if (flaw) throw unsupported(flaw.path, flaw.found, index)
}

/** The complete check decides on what the fast one refused; true when the value may go, escaped. */
function refuse(value: unknown, options: { readonly depthMax: number; readonly index?: number }): true {
  const { depthMax, index } = options
  if (fitsRoom() < 0) {
    const details = index === undefined ? {} : { index }
    const message = 'expected a value that a message can hold, found more content than that; split it'
    throw new CodecError('VALUE_OVERSIZED', message, { retry: 'record', details })
  }
  const flaw = findFlaw(value, depthMax)
  if (flaw) throw unsupported(flaw.path, flaw.found, index)
  return true
}

function unsupported(path: string, found: string, index: number | undefined): CodecError {
  const message =
    'expected plain data (null, undefined, booleans, numbers, bigints, strings, Dates, arrays, plain objects, ' +
    `Maps, Sets, typed arrays), found ${found} at ${path}; map the record to plain data first`
  const details = { path, found, ...(index === undefined ? {} : { index }) }
  return new CodecError('VALUE_UNSUPPORTED', message, { retry: 'record', details })
}

function pack(value: unknown, escapes: boolean, reserveBytes: number): Uint8Array {
  const options = reserveBytes === 0 ? 0 : RESERVE_START_SPACE + reserveBytes
  const bytes = packr.pack(escapes ? escapeValue(value) : value, options)
  if (bytes.buffer.byteLength > scratchBytes) packr.useBuffer(Buffer.allocUnsafeSlow(scratchBytes))
  return bytes
}
