/**
 * The bytes of one key group's state: a sequence of chunks, each a u32 length (little-endian) and one value
 * of the codec. The first chunk is the header `{ cells, version, ended }`, the others are arrays of
 * `[key, ...slots]`. Chunks keep slices short and let a reader go through a large group piece by piece.
 */
import { decodeValue, encodeValue } from '../../core/codec/index.ts'
import type { Key } from '../../core/keys/index.ts'

const chunkKeys = 256

export interface GroupHeader {
  /** Cell names in slot order. */
  readonly cells: readonly string[]
  readonly version: number
  /** `onEnd` ran for every key of the group (C10). */
  readonly ended: boolean
}

export interface GroupSection {
  readonly group: number
  readonly chunks: readonly Uint8Array[]
}

export class GroupWriter {
  private readonly chunks: Uint8Array[] = []
  private pending: unknown[][] = []

  constructor(header: GroupHeader) {
    this.append(header)
  }

  /** Primitives are encoded in blocks; objects at once, since they may be changed in place afterwards. */
  add(key: Key, slots: readonly unknown[]): void {
    if (slots.every(isPrimitive)) {
      this.pending.push([key, ...slots])
      if (this.pending.length === chunkKeys) this.flush()
    } else {
      this.append([[key, ...slots]])
    }
  }

  finish(): readonly Uint8Array[] {
    this.flush()
    return this.chunks
  }

  private flush(): void {
    if (this.pending.length === 0) return
    this.append(this.pending)
    this.pending = []
  }

  private append(value: unknown): void {
    const bytes = encodeValue(value)
    const length = new Uint8Array(4)
    new DataView(length.buffer).setUint32(0, bytes.length, true)
    this.chunks.push(length, bytes)
  }
}

const isPrimitive = (slot: unknown): boolean => typeof slot !== 'object' || slot === null

export function* readChunks(bytes: Uint8Array): IterableIterator<unknown> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  while (at < bytes.length) {
    const length = at + 4 <= bytes.length ? view.getUint32(at, true) : Infinity
    if (at + 4 + length > bytes.length)
      throw new RangeError(`chunk of ${length} bytes at ${at} of ${bytes.length}`)
    yield decodeValue(bytes.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
}
