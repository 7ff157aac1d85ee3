/**
 * MurmurHash3_x86_32 (Austin Appleby, public domain, SMHasher `MurmurHash3.cpp`), seed 0, over the canonical
 * encoding of a key. ASCII strings, numbers and booleans are hashed without making the bytes; the value is
 * the same.
 */
import { limits } from '../limits.ts'
import { encodeKey, headerBytes, keyTags } from './encode.ts'
import type { Key } from './encode.ts'

/** uint32. Throws KeyError for what is no key. */
export function hashKey(key: Key): number {
  if (typeof key === 'string') {
    const hash = key.length <= limits.keyBytesMax - headerBytes ? hashAscii(key) : -1
    return hash >= 0 ? hash : hashBytes(encodeKey(key))
  }
  if (typeof key === 'number' && Number.isFinite(key)) return hashNumber(key)
  return hashBytes(encodeKey(key))
}

/** The definition, for any bytes. */
export function hashBytes(bytes: Uint8Array): number {
  const { length } = bytes
  const blocksEnd = length & ~3
  let hash = 0
  for (let i = 0; i < blocksEnd; i += 4) hash = mixBlock(hash, block(bytes, i, 4))
  if (blocksEnd < length) hash ^= scramble(block(bytes, blocksEnd, length - blocksEnd))
  return finish(hash, length)
}

/** Up to four bytes, least significant first. */
function block(bytes: Uint8Array, start: number, count: number): number {
  let word = 0
  for (let i = 0; i < count; i += 1) word |= (bytes[start + i] as number) << (8 * i)
  return word
}

/** −1 where a character is not ASCII. */
function hashAscii(key: string): number {
  const { length } = key
  const blocksEnd = length & ~3
  let hash = mixBlock(0, headerBlock(keyTags.string, length))
  let seen = 0
  let i = 0
  for (; i < blocksEnd; i += 4) {
    const a = key.charCodeAt(i)
    const b = key.charCodeAt(i + 1)
    const c = key.charCodeAt(i + 2)
    const d = key.charCodeAt(i + 3)
    seen |= a | b | c | d
    hash = mixBlock(hash, a | (b << 8) | (c << 16) | (d << 24))
  }
  let tail = 0
  for (let shift = 0; i < length; i += 1, shift += 8) {
    const code = key.charCodeAt(i)
    seen |= code
    tail |= code << shift
  }
  if (seen > 0x7f) return -1
  if (blocksEnd < length) hash ^= scramble(tail)
  return finish(hash, headerBytes + length)
}

const scratch = new DataView(new ArrayBuffer(8))

function hashNumber(key: number): number {
  scratch.setFloat64(0, key === 0 ? 0 : key, true)
  let hash = mixBlock(0, headerBlock(keyTags.number, 8))
  hash = mixBlock(hash, scratch.getInt32(0, true))
  hash = mixBlock(hash, scratch.getInt32(4, true))
  return finish(hash, headerBytes + 8)
}

/** A node's header as a block: the tag first, then the length with its most significant byte first. */
const headerBlock = (tag: number, contentBytes: number): number =>
  tag | ((contentBytes >>> 16) << 8) | (((contentBytes >>> 8) & 0xff) << 16) | ((contentBytes & 0xff) << 24)

function scramble(word: number): number {
  const k = Math.imul(word, 0xcc9e2d51)
  return Math.imul((k << 15) | (k >>> 17), 0x1b873593)
}

function mixBlock(hash: number, word: number): number {
  const h = hash ^ scramble(word)
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
}

function finish(hash: number, length: number): number {
  let h = hash ^ length
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
