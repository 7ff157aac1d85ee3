/**
 * Structure-aware mutation: a valid sample with a few things wrong with it, the way truncation, damage, splicing and
 * forgery make them. A pure function of the numbers it is given.
 */
import { below, unit, type Random } from '../../core/ports/random.ts'

/** Bytes at which decoders take another way: every container, length and extension of the codec, and extremes. */
const tokens = [
  ...[0x00, 0x01, 0x40, 0x41, 0x7f, 0x80, 0x81, 0x8f, 0x90, 0x91, 0x9f, 0xa0, 0xa1, 0xbf, 0xc0, 0xc1, 0xc4],
  ...[0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xcb, 0xcf, 0xd3, 0xd4, 0xd6, 0xd7, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde],
  ...[0xdf, 0xe0, 0xff, 0x42, 0x62, 0x70, 0x72, 0x73, 0x74],
]

/** Beginnings of things that a decoder must bound: forged lengths, nesting, extensions, hostile keys. */
const forgeries: readonly (readonly number[])[] = [
  [0xdd, 0xff, 0xff, 0xff, 0xff],
  [0xdd, 0x00, 0xff, 0xff, 0xff],
  [0xdf, 0xff, 0xff, 0xff, 0xff],
  [0xdb, 0xff, 0xff, 0xff, 0xff],
  [0xc6, 0x7f, 0xff, 0xff, 0xff],
  [0xc9, 0xff, 0xff, 0xff, 0xff, 0x74],
  [0xc7, 0xff, 0x42],
  [0xc7, 0x0c, 0xff],
  [0xd4, 0x72, 0x40, 0xdd, 0xff, 0xff, 0xff, 0xff],
  [0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61],
  [0xd4, 0x72, 0x40, 0x91, 0xa9, ...Buffer.from('__proto__'), 0x80],
  [0xd4, 0x73, 0x00, 0xdc, 0xff, 0xff],
  [0xd4, 0x00, 0x00],
  [0x81, 0xc1, 0x00],
  [0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0],
  [0xcb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0],
  [0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0],
  [0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
]

const extremes = [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff]
const nestingMax = 4_000
const changesMax = 6
/** What grows by splicing and repeating stays a bounded piece of work. */
const bytesMax = 64 * 1024

type Change = (bytes: Buffer, random: Random, samples: readonly Uint8Array[]) => Buffer

const changes: readonly Change[] = [
  flipBits,
  flipBits,
  setByte,
  setByte,
  setNumber,
  truncate,
  extend,
  remove,
  repeat,
  exchange,
  splice,
  insertForgery,
  nest,
]

/** One in `noiseOneIn` cases is bytes that resemble nothing. */
const noiseOneIn = 50

export function mutate(random: Random, samples: readonly Uint8Array[]): Buffer {
  if (below(random, noiseOneIn) === 0) return noise(random, below(random, 400))
  let bytes: Buffer = Buffer.from(pick(random, samples))
  // Half of them nearly right: a decoder sees through much that is wrong at its first bytes.
  const count = unit(random) < 0.5 ? 1 : 1 + below(random, changesMax)
  for (let i = 0; i < count; i += 1) bytes = pick(random, changes)(bytes, random, samples)
  return bytes.length > bytesMax ? bytes.subarray(0, bytesMax) : bytes
}

function flipBits(bytes: Buffer, random: Random): Buffer {
  for (let flips = 1 + below(random, 4); flips > 0 && bytes.length > 0; flips -= 1) {
    const at = below(random, bytes.length)
    bytes[at] = bytes[at]! ^ (1 << below(random, 8))
  }
  return bytes
}

function setByte(bytes: Buffer, random: Random): Buffer {
  if (bytes.length > 0) bytes[below(random, bytes.length)] = pick(random, tokens)
  return bytes
}

/** A length, count or offset somewhere, in either byte order. */
function setNumber(bytes: Buffer, random: Random): Buffer {
  if (bytes.length < 4) return bytes
  const at = below(random, bytes.length - 3)
  const value = unit(random) < 0.3 ? bytes.length + below(random, 5) - 2 : pick(random, extremes)
  if (unit(random) < 0.5) bytes.writeUInt32LE(value >>> 0, at)
  else bytes.writeUInt32BE(value >>> 0, at)
  return bytes
}

function truncate(bytes: Buffer, random: Random): Buffer {
  return bytes.subarray(0, below(random, bytes.length + 1))
}

function extend(bytes: Buffer, random: Random): Buffer {
  return Buffer.concat([bytes, noise(random, 1 + below(random, 16))])
}

function remove(bytes: Buffer, random: Random): Buffer {
  const [from, to] = slice(bytes, random)
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])
}

/** A field that comes twice, or many times. */
function repeat(bytes: Buffer, random: Random): Buffer {
  const [from, to] = slice(bytes, random)
  const times = unit(random) < 0.9 ? 1 : 1 + below(random, 64)
  const again = Array.from({ length: times }, () => bytes.subarray(from, to))
  return Buffer.concat([bytes.subarray(0, to), ...again, bytes.subarray(to)])
}

function exchange(bytes: Buffer, random: Random): Buffer {
  const [from, middle] = slice(bytes, random)
  const [, to] = slice(bytes.subarray(middle), random)
  const parts = [bytes.subarray(middle, middle + to), bytes.subarray(from, middle)]
  return Buffer.concat([bytes.subarray(0, from), ...parts, bytes.subarray(middle + to)])
}

/** The beginning of one with the end of another. */
function splice(bytes: Buffer, random: Random, samples: readonly Uint8Array[]): Buffer {
  const other = pick(random, samples)
  const head = bytes.subarray(0, below(random, bytes.length + 1))
  return Buffer.concat([head, other.subarray(below(random, other.length + 1))])
}

function insertForgery(bytes: Buffer, random: Random): Buffer {
  const at = below(random, bytes.length + 1)
  // Instead of what stands there as often as before it.
  const rest = unit(random) < 0.5 ? at : Math.min(bytes.length, at + 1)
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(pick(random, forgeries)), bytes.subarray(rest)])
}

const nests: readonly (readonly number[])[] = [
  [0x91],
  [0x81, 0x01],
  [0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61],
  [0xd4, 0x73, 0x00, 0x91],
]

function nest(bytes: Buffer, random: Random): Buffer {
  const at = below(random, bytes.length + 1)
  const depth = unit(random) < 0.9 ? 1 + below(random, 8) : below(random, nestingMax)
  const unitBytes = Buffer.from(pick(random, nests))
  const inside = Buffer.alloc(unitBytes.length * depth, unitBytes)
  return Buffer.concat([bytes.subarray(0, at), inside, bytes.subarray(at)])
}

/** A short stretch, seldom a long one. */
function slice(bytes: Buffer, random: Random): [from: number, to: number] {
  const from = below(random, bytes.length + 1)
  const long = unit(random) < 0.8 ? 16 : bytes.length
  return [from, Math.min(bytes.length, from + below(random, long + 1))]
}

function noise(random: Random, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  for (let i = 0; i < length; i += 1) bytes[i] = random.uint32()
  return bytes
}

function pick<T>(random: Random, from: readonly T[]): T {
  return from[below(random, from.length)] as T
}
