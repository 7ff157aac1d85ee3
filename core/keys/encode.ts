/**
 * The canonical encoding of keys: the same bytes on every host and in every version, so equality, hash and
 * the order of state files rest on it. One node is one header of four bytes, a tag and the length of the
 * content in bytes (24 bits, most significant first), then the content:
 *
 * | tag | key | content |
 * |---|---|---|
 * | 1, 2 | false, true | none |
 * | 3 | number | float64, least significant byte first; −0 is 0 |
 * | 4 | string | UTF-8 |
 * | 5, 6 | bigint ≥ 0, < 0 | magnitude without leading zeros, most significant byte first |
 * | 7 | tuple | its elements' nodes |
 *
 * A node says its own length, so no two keys share an encoding; the header is one block of the hash (`hash.ts`).
 */
import { isWellFormed } from '../codec/text.ts'
import { limits } from '../limits.ts'
import { describe, KeyError } from './error.ts'

/** What records are keyed by. 1 is not '1', 0 is −0, and tuples are equal when their elements are. */
export type Key = string | number | bigint | boolean | readonly Key[]

export const keyTags = { false: 1, true: 2, number: 3, string: 4, natural: 5, negative: 6, tuple: 7 } as const

export const headerBytes = 4

/** The canonical bytes of a key. Throws KeyError for what is no key, and for one above `limits.keyBytesMax`. */
export function encodeKey(key: Key): Uint8Array {
  const out: Output = { bytes: Buffer.allocUnsafe(64), length: 0 }
  writeNode(key, out)
  return new Uint8Array(out.bytes.subarray(0, out.length))
}

interface Output {
  bytes: Buffer
  length: number
}

function writeNode(key: Key, out: Output): void {
  switch (typeof key) {
    case 'boolean':
      writeHeader(key ? keyTags.true : keyTags.false, 0, out)
      return
    case 'number':
      if (!Number.isFinite(key)) throw new KeyError(describe(key))
      writeHeader(keyTags.number, 8, out)
      out.bytes.writeDoubleLE(key === 0 ? 0 : key, out.length - 8)
      return
    case 'string':
      if (!isWellFormed(key)) throw new KeyError('a string with a lone surrogate')
      if (key.length > limits.keyBytesMax) throw tooLong()
      writeContent(keyTags.string, Buffer.from(key, 'utf8'), out)
      return
    case 'bigint':
      writeContent(key < 0n ? keyTags.negative : keyTags.natural, magnitude(key), out)
      return
    default:
      if (!Array.isArray(key)) throw new KeyError(describe(key))
      writeTuple(key as readonly Key[], out)
  }
}

function writeTuple(elements: readonly Key[], out: Output): void {
  const start = out.length
  writeHeader(keyTags.tuple, 0, out)
  // A tuple that contains itself ends here too: each level is a header.
  for (const element of elements) writeNode(element, out)
  writeLength(out.length - start - headerBytes, start, out)
}

function writeContent(tag: number, content: Uint8Array, out: Output): void {
  writeHeader(tag, content.byteLength, out)
  out.bytes.set(content, out.length - content.byteLength)
}

/** A header, and room for the content behind it. */
function writeHeader(tag: number, contentBytes: number, out: Output): void {
  const start = out.length
  const end = start + headerBytes + contentBytes
  if (end > limits.keyBytesMax) throw tooLong()
  if (end > out.bytes.byteLength) {
    const larger = Buffer.allocUnsafe(Math.max(end, out.bytes.byteLength * 2))
    larger.set(out.bytes.subarray(0, start))
    out.bytes = larger
  }
  out.bytes[start] = tag
  writeLength(contentBytes, start, out)
  out.length = end
}

function writeLength(contentBytes: number, start: number, out: Output): void {
  out.bytes.writeUIntBE(contentBytes, start + 1, 3)
}

function magnitude(key: bigint): Uint8Array {
  const positive = key < 0n ? -key : key
  if (positive === 0n) return new Uint8Array(0)
  const digits = positive.toString(16)
  if (digits.length > 2 * limits.keyBytesMax) throw tooLong()
  return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex')
}

const tooLong = (): KeyError => new KeyError(`a key of more than ${limits.keyBytesMax} bytes`)
