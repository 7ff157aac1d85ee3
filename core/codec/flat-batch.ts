/**
 * Writes a batch of flat records of one shape: numbers, strings, booleans, null and undefined as fields. One pass
 * checks and encodes, by code generated from the list of keys; the bytes are those that msgpackr's records have
 * (`reader.ts`). Anything else (a nested value, a bigint, other keys, a lone surrogate) makes it give up, and
 * `encode.ts` goes the long way, which also finds the words for a refusal.
 *
 * - F1 It accepts no record that would arrive changed, with the exceptions named in `fits.ts`.
 * - F2 What it wrote is never written to again: results share memory, one behind the other.
 */
import { isWellFormed } from './text.ts'

/** Where the next byte goes. */
interface Target {
  bytes: Buffer
  view: DataView
  position: number
}

/** Writes records[from …]; returns the first that found no room, records.length when done, or −1. */
export type FlatWriter = (records: readonly unknown[], from: number, target: Target) => number

export interface FlatShape {
  /** Its definition, with which the first record begins. */
  readonly header: Uint8Array
  readonly write: FlatWriter
}

/** Results share slabs of this size; one frame on its way keeps a slab alive. */
const slabBytes = 64 * 1024
/** Beyond this the long way measures what a record holds. */
const batchBytesMax = 4 * 1024 * 1024
let slab = newTarget(slabBytes)

/**
 * The batch, behind `reserveBytes` that are the caller's; undefined when a record does not fit the shape.
 */
export function writeFlatBatch(
  records: readonly unknown[],
  shape: FlatShape,
  reserveBytes: number,
): Uint8Array | undefined {
  const headBytes = reserveBytes + 5 + shape.header.length
  let target = slab
  if (target.bytes.length - target.position < headBytes + 256) target = slab = newTarget(slabBytes)
  const begin = target.position
  let start = begin
  target.position += reserveBytes
  writeArrayHead(target, records.length)
  target.bytes.set(shape.header, target.position)
  target.position += shape.header.length
  let growBytes = growBytesFirst
  for (let index = 0; ;) {
    const next = shape.write(records, index, target)
    if (next === records.length) break
    const used = target.position - start
    // A record that found no room in fresh memory has a long text: it gets more, within the bound.
    if (next === index) growBytes *= 4
    if (next < 0 || used + growBytes > batchBytesMax) {
      slab.position = begin
      return undefined
    }
    index = next
    const larger = newTarget(2 * used + growBytes)
    larger.bytes.set(target.bytes.subarray(start, target.position))
    larger.position = used
    slab.position = begin
    start = 0
    target = larger
  }
  return target.bytes.subarray(start, target.position)
}

/** More than most flat records take. */
const growBytesFirst = 64 * 1024

function newTarget(length: number): Target {
  const bytes = Buffer.allocUnsafeSlow(length)
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, length), position: 0 }
}

function writeArrayHead(target: Target, length: number): void {
  const { view } = target
  if (length < 0x10) view.setUint8(target.position++, 0x90 | length)
  else if (length < 0x10000) {
    view.setUint8(target.position, 0xdc)
    view.setUint16(target.position + 1, length)
    target.position += 3
  } else {
    view.setUint8(target.position, 0xdd)
    view.setUint32(target.position + 1, length)
    target.position += 5
  }
}

let writers = 0

/** A shape's header and writer; undefined where code from strings is forbidden. `keys` are well-formed. */
export function flatShape(keys: readonly string[]): FlatShape | undefined {
  writers += 1
  // A record takes a token and at most 9 bytes a field, but for its strings, which look for room themselves.
  const fixedBytes = 1 + 9 * keys.length
  const body = `return function write${writers}(records, from, target) {
    const { bytes, view } = target
    const end = bytes.length - ${fixedBytes}
    let at = target.position, i = from, value
    for (; i < records.length; i += 1) {
      const start = at
      const record = records[i]
      if (typeof record !== 'object' || record === null || prototypeOf(record) !== plain) return -1
      let count = 0
      for (const key in record) if (key !== keys[count++]) return -1
      if (count !== ${keys.length}) return -1
      if (at > end) break
      if (i > 0) bytes[at++] = 0x40
      ${keys.map(writeField).join('')}
    }
    target.position = at
    return i
  }`
  try {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- keys are written as JSON strings, which are literals
    const make = new Function('keys', 'plain', 'prototypeOf', 'number', 'text', 'textBytes', body) as (
      ...parts: unknown[]
    ) => FlatWriter
    const write = make(keys, Object.prototype, Object.getPrototypeOf, writeNumber, writeText, textBytes)
    return { header: headerOf(keys), write }
  } catch {
    return undefined
  }
}

const writeField = (key: string): string => `
      value = record[${JSON.stringify(key)}]
      if (typeof value === 'number') {
        if (value === (value & 0x3f) && (value !== 0 || 1 / value > 0)) bytes[at++] = value
        else at = number(bytes, view, at, value)
      } else if (typeof value === 'string') {
        if (at + textBytes(value) > end) { target.position = start; return i }
        at = text(bytes, view, at, value)
        if (at < 0) return -1
      } else if (value === null) bytes[at++] = 0xc0
      else if (value === true) bytes[at++] = 0xc3
      else if (value === false) bytes[at++] = 0xc2
      else if (value === undefined) { bytes[at] = 0xd4; bytes[at + 1] = 0; bytes[at + 2] = 0; at += 3 }
      else return -1`

/** The definition that the first record begins with: extension 0x72, the shape's token, its keys. */
function headerOf(keys: readonly string[]): Uint8Array {
  const target = newTarget(16 + keys.reduce((sum, key) => sum + textBytes(key), 0))
  target.bytes.set([0xd4, 0x72, 0x40])
  target.position = 3
  writeArrayHead(target, keys.length)
  for (const key of keys) target.position = writeText(target.bytes, target.view, target.position, key)
  return target.bytes.subarray(0, target.position)
}

function writeNumber(bytes: Buffer, view: DataView, at: number, value: number): number {
  if (value === (value | 0)) {
    if (value >= 0) {
      if (value < 0x40) {
        bytes[at] = value === 0 && 1 / value < 0 ? 0xc1 : value
        return at + 1
      }
      if (value < 0x100) {
        bytes[at] = 0xcc
        bytes[at + 1] = value
        return at + 2
      }
      if (value < 0x10000) {
        bytes[at] = 0xcd
        bytes[at + 1] = value >> 8
        bytes[at + 2] = value
        return at + 3
      }
      bytes[at] = 0xce
      view.setUint32(at + 1, value)
      return at + 5
    }
    if (value >= -0x20) {
      bytes[at] = value
      return at + 1
    }
    if (value >= -0x80) {
      bytes[at] = 0xd0
      bytes[at + 1] = value
      return at + 2
    }
    if (value >= -0x8000) {
      bytes[at] = 0xd1
      view.setInt16(at + 1, value)
      return at + 3
    }
    bytes[at] = 0xd2
    view.setInt32(at + 1, value)
    return at + 5
  }
  bytes[at] = 0xcb
  view.setFloat64(at + 1, value)
  return at + 9
}

/** The most that `text` may take. */
const textBytes = (text: string): number => text.length * 3 + 5

/** Longer ones are written by Node's own code. */
const shortTextMax = 32

/** Where the next byte goes, or −1 for a lone surrogate. */
function writeText(bytes: Buffer, view: DataView, at: number, text: string): number {
  const { length } = text
  if (length < shortTextMax) {
    let to = at + 1
    for (let i = 0; i < length; i += 1) {
      const code = text.charCodeAt(i)
      if (code >= 0x80) return writeLongText(bytes, view, at, text)
      bytes[to++] = code
    }
    bytes[at] = 0xa0 | length
    return to
  }
  return writeLongText(bytes, view, at, text)
}

function writeLongText(bytes: Buffer, view: DataView, at: number, text: string): number {
  if (!isWellFormed(text)) return -1
  // The head's size depends on the bytes, which at least the characters and at most three times as many.
  const headBytes = text.length * 3 < 0x100 ? 2 : text.length * 3 < 0x10000 ? 3 : 5
  const written = bytes.write(text, at + headBytes, 'utf8')
  if (headBytes === 2) {
    view.setUint8(at, 0xd9)
    view.setUint8(at + 1, written)
  } else if (headBytes === 3) {
    view.setUint8(at, 0xda)
    view.setUint16(at + 1, written)
  } else {
    view.setUint8(at, 0xdb)
    view.setUint32(at + 1, written)
  }
  return at + headBytes + written
}
