/**
 * Reads what `encode.ts` writes: the part of MessagePack, with msgpackr's record definitions, that its
 * configuration produces, and nothing else. msgpackr's own reader is faster to trust than to bound: forged
 * bytes make it compile code, jump backwards or answer with other objects, and it drops the byte order mark
 * of long strings. This one
 * - R1 never reads outside its bytes, and reads each byte once (bounded time);
 * - R2 allocates nothing for a declared length that the remaining bytes cannot hold;
 * - R3 nests no deeper than a checked value can, plus the engine's own envelopes;
 * - R4 never assigns a key of the wire to a property that has a setter (`__proto__`).
 */
import { typedArrayOf } from './binary.ts'
import { BigintCrowd, crowded } from './crowd.ts'
import { malformed } from './error.ts'
import { escapedPlain, escapedWithoutPrototype, setOwn } from './escape.ts'
import { addShape, knownShape, type Shape } from './shapes.ts'

/** Node's own readers of strings, without the argument checks of `toString`; not in its type definitions. */
interface Source extends Buffer {
  latin1Slice(start: number, end: number): string
  utf8Slice(start: number, end: number): string
}

const empty = Buffer.alloc(0) as Uint8Array as Source
/** V8 copies a substring shorter than this; a longer one would keep the whole text alive. */
const copiedSubstringMax = 12
/** Larger inputs read each string by itself instead of making one text of all bytes. */
const textBytesMax = 1024 * 1024

let bytes = empty
const noView = new DataView(new ArrayBuffer(0))
let view: DataView = noView
let position = 0
let end = 0
let depthLeft = 0
/** R2: array elements that may still be declared. */
let elementsLeft = 0
/** All bytes as Latin-1, made with the first short string. */
let text: string | undefined
let shapes: (Shape | undefined)[] = []

/** The one value in `source`. Throws CodecError `BYTES_MALFORMED`, or a RangeError for a read beyond the end. */
export function readWhole(source: Uint8Array, depthMax: number): unknown {
  bytes = Buffer.from(source.buffer, source.byteOffset, source.byteLength) as Uint8Array as Source
  view = new DataView(source.buffer, source.byteOffset, source.byteLength)
  position = 0
  end = source.byteLength
  depthLeft = depthMax
  elementsLeft = end
  try {
    const value = read()
    if (position !== end) throw malformed(`found ${end - position} bytes behind the value`)
    return value
  } finally {
    bytes = empty
    view = noView
    text = undefined
    shapes = []
  }
}

function read(): unknown {
  const token = bytes[position]
  position += 1
  if (token === undefined) throw malformed('found an early end')
  if (token < 0x40) return token
  if (token < 0x80) return readRecord(token)
  if (token < 0x90) return readMap(token & 0x0f)
  if (token < 0xa0) return readArray(token & 0x0f)
  if (token < 0xc0) return readString(token & 0x1f)
  if (token >= 0xe0) return token - 0x100
  switch (token) {
    case 0xc0:
      return null
    case 0xc1:
      return -0
    case 0xc2:
      return false
    case 0xc3:
      return true
    case 0xc4:
      return readBinary(uint8())
    case 0xc5:
      return readBinary(uint16())
    case 0xc6:
      return readBinary(uint32())
    case 0xc7:
      return readExtension(uint8())
    case 0xc8:
      return readExtension(uint16())
    case 0xc9:
      return readExtension(uint32())
    case 0xcb:
      position += 8
      return view.getFloat64(position - 8)
    case 0xcc:
      return uint8()
    case 0xcd:
      return uint16()
    case 0xce:
      return uint32()
    case 0xcf:
      position += 8
      return view.getBigUint64(position - 8)
    case 0xd0:
      position += 1
      return view.getInt8(position - 1)
    case 0xd1:
      position += 2
      return view.getInt16(position - 2)
    case 0xd2:
      position += 4
      return view.getInt32(position - 4)
    case 0xd3:
      position += 8
      return view.getBigInt64(position - 8)
    case 0xd4:
      return readTagged(uint8())
    case 0xd5:
      return readExtension(2)
    case 0xd6:
      return readExtension(4)
    case 0xd7:
      return readExtension(8)
    case 0xd8:
      return readExtension(16)
    case 0xd9:
      return readString(uint8())
    case 0xda:
      return readString(uint16())
    case 0xdb:
      return readString(uint32())
    case 0xdc:
      return readArray(uint16())
    case 0xdd:
      return readArray(uint32())
    case 0xde:
      return readMap(uint16())
    case 0xdf:
      return readMap(uint32())
    default:
      throw malformed(`found the byte ${hex(token)}`)
  }
}

const hex = (byte: number): string => `0x${byte.toString(16).padStart(2, '0')}`

function uint8(): number {
  position += 1
  return view.getUint8(position - 1)
}

function uint16(): number {
  position += 2
  return view.getUint16(position - 2)
}

function uint32(): number {
  position += 4
  return view.getUint32(position - 4)
}

/** Moves behind the next `length` bytes and returns where they begin (R1). */
function skip(length: number): number {
  if (length > end - position) throw malformed(`found ${length} bytes declared with ${end - position} left`)
  position += length
  return position - length
}

function enter(): void {
  depthLeft -= 1
  if (depthLeft < 0) throw malformed('found deeper nesting than values have')
}

function readString(length: number): string {
  const start = skip(length)
  if (length > copiedSubstringMax || end > textBytesMax) return readUtf8(start, position)
  for (let i = start; i < position; i += 1) {
    if ((bytes[i] as number) >= 0x80) return readUtf8(start, position)
  }
  text ??= bytes.latin1Slice(0, end)
  return text.substring(start, position)
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function readUtf8(start: number, stop: number): string {
  const decoded = bytes.utf8Slice(start, stop)
  // Either the writer's own character or a repair of bytes that are not UTF-8: only the strict decoder knows.
  return decoded.includes('\ufffd') ? strictUtf8.decode(bytes.subarray(start, stop)) : decoded
}

const readBinary = (length: number): Uint8Array => new Uint8Array(bytes.subarray(skip(length), position))

function readArray(length: number): unknown[] {
  elementsLeft -= length
  if (length > end - position || elementsLeft < 0)
    throw malformed(`found an array of ${length}, beyond its bytes`)
  enter()
  const array = new Array<unknown>(length)
  for (let i = 0; i < length; i += 1) array[i] = read()
  depthLeft += 1
  return array
}

function readMap(size: number): unknown {
  if (size * 2 > end - position) throw malformed(`found a map of ${size}, beyond its bytes`)
  enter()
  const value = size > 0 && bytes[position] === 0xc1 ? readEscapedObject(size - 1) : readPlainMap(size)
  depthLeft += 1
  return value
}

function readPlainMap(size: number): Map<unknown, unknown> {
  const map = new Map<unknown, unknown>()
  const crowd = new BigintCrowd()
  for (let i = 0; i < size; i += 1) {
    const key = read()
    if (typeof key === 'object' && key !== null) throw malformed('found an object as key of a Map')
    if (typeof key === 'bigint' && !crowd.takes(key)) throw malformed(crowded)
    map.set(key, read())
  }
  if (map.size !== size) throw malformed('found a key twice in a Map')
  return map
}

function readEscapedObject(size: number): object {
  position += 1
  const kind = read()
  if (kind !== escapedPlain && kind !== escapedWithoutPrototype)
    throw malformed('found an unknown kind of object')
  const object = (kind === escapedPlain ? {} : Object.create(null)) as object
  for (let i = 0; i < size; i += 1) {
    const key = read()
    if (typeof key !== 'string' || Object.hasOwn(object, key))
      throw malformed('found a key twice, or not a string')
    setOwn(object, key, read())
  }
  return object
}

function readRecord(id: number): object {
  const shape = shapes[id - 0x40]
  if (!shape) throw malformed(`found a record of the undefined shape ${hex(id)}`)
  enter()
  const object = shape.read()
  depthLeft += 1
  return object
}

/** Extensions of one byte: undefined, the definition of a record's shape, Set. */
function readTagged(type: number): unknown {
  const content = uint8()
  if (type === 0x72 && content >= 0x40 && content < 0x80) {
    shapes[content - 0x40] = readShape()
    return readRecord(content)
  }
  if (type === 0 && content === 0) return undefined
  if (type === 0x73 && content === 0) return readSet()
  throw malformed(`found the extension ${hex(type)}`)
}

function readShape(): Shape {
  const start = position
  const count = readKeyCount()
  const first = position
  for (let i = 0; i < count; i += 1) skip(readKeyLength())
  const definition = bytes.latin1Slice(start, position)
  const known = knownShape(definition)
  if (known) return known
  position = first
  const keys = new Set<string>()
  for (let i = 0; i < count; i += 1) keys.add(readString(readKeyLength()))
  if (keys.size !== count) throw malformed('found a key twice in a record')
  return addShape(definition, [...keys], read)
}

function readKeyCount(): number {
  const token = uint8()
  if (token >= 0x90 && token < 0xa0) return token & 0x0f
  const count = token === 0xdc ? uint16() : token === 0xdd ? uint32() : -1
  if (count < 0) throw malformed('found a record without a list of keys')
  return count
}

function readKeyLength(): number {
  const token = uint8()
  if (token >= 0xa0 && token < 0xc0) return token & 0x1f
  if (token === 0xd9) return uint8()
  if (token === 0xda) return uint16()
  if (token === 0xdb) return uint32()
  throw malformed("found a record's key that is not a string")
}

function readSet(): Set<unknown> {
  const items = read()
  if (!Array.isArray(items)) throw malformed('found a Set without members')
  const set = new Set<unknown>()
  const crowd = new BigintCrowd()
  for (const item of items as unknown[]) {
    if (typeof item === 'object' && item !== null) throw malformed('found an object in a Set')
    if (typeof item === 'bigint' && !crowd.takes(item)) throw malformed(crowded)
    set.add(item)
  }
  if (set.size !== items.length) throw malformed('found a member twice in a Set')
  return set
}

function readExtension(length: number): unknown {
  const type = uint8()
  const start = skip(length)
  const content = bytes.subarray(start, position)
  if (type === 0xff) return readDate(start, length)
  if (type === 0x42 && length > 0) return readBigint(content)
  if (type === 0x74 && length > 0) {
    const array = typedArrayOf(content[0] as number, content.subarray(1))
    if (array) return array
  }
  throw malformed(`found the extension ${hex(type)} of ${length} bytes`)
}

/** MessagePack's timestamps of 32, 64 and 96 bits. */
function readDate(start: number, length: number): Date {
  let seconds: number
  let nanoseconds = 0
  if (length === 4) {
    seconds = view.getUint32(start)
  } else if (length === 8) {
    const high = view.getUint32(start)
    nanoseconds = high >>> 2
    seconds = (high & 3) * 0x1_0000_0000 + view.getUint32(start + 4)
  } else if (length === 12) {
    nanoseconds = view.getUint32(start)
    seconds = Number(view.getBigInt64(start + 4))
  } else {
    throw malformed(`found a date of ${length} bytes`)
  }
  const date = new Date(seconds * 1000 + nanoseconds / 1_000_000)
  if (Number.isNaN(date.getTime())) throw malformed('found a date beyond the range of dates')
  return date
}

/** Two's complement, most significant byte first. */
function readBigint(content: Uint8Array): bigint {
  const magnitude = BigInt(
    `0x${Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('hex')}`,
  )
  return (content[0] as number) < 0x80 ? magnitude : BigInt.asIntN(content.byteLength * 8, magnitude)
}
