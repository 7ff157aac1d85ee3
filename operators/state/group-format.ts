/**
 * The bytes of one key group's state: a sequence of chunks, each a u32 length (little-endian) and one value
 * of the codec. The first chunk is the header `{ cells, version, ended }`, the others are arrays of
 * `[key, ...slots]`. Chunks keep slices short and let a reader go through a large group piece by piece.
 */
import { decodeValue, encodeRows, encodeValue } from '../../core/codec/index.ts'
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
  readonly chunks: Uint8Array[] = []
  private readonly refused: (key: Key, cause: unknown) => Error
  /** Keys, each followed by its slots: in one list, since small arrays that wait here would outlive their youth. */
  private pending: unknown[] = []
  private readonly width: number

  /** `refused` makes the error for a key whose values cannot be encoded. */
  constructor(header: GroupHeader, refused: (key: Key, cause: unknown) => Error) {
    this.refused = refused
    this.width = 1 + header.cells.length
    this.append(header)
  }

  /** For small slots that nobody changes any more (`lasting-slots.ts`): encoded in blocks. */
  add(key: Key, slots: readonly unknown[]): void {
    this.pending.push(key)
    for (let slot = 0; slot < this.width - 1; slot += 1) this.pending.push(slots[slot])
    if (this.pending.length >= chunkKeys * this.width) this.flush()
  }

  /** For slots that may be changed afterwards, or are large: encoded at once. */
  addNow(key: Key, slots: readonly unknown[]): void {
    this.appendBytes(this.encode([[key, ...slots]]))
  }

  /** Encodes what waits; returns how many keys that were. */
  flush(): number {
    const entries: [Key, ...unknown[]][] = []
    for (let at = 0; at < this.pending.length; at += this.width) {
      entries.push(this.pending.slice(at, at + this.width) as [Key, ...unknown[]])
    }
    // After an error they stay: whoever goes on meets it again, rather than lose the keys beside the culprit.
    if (entries.length > 0) this.appendBytes(this.encode(entries))
    this.pending = []
    return entries.length
  }

  /** An error names the key that it is about. */
  private encode(entries: readonly [Key, ...unknown[]][]): Uint8Array {
    try {
      return encodeRows(entries)
    } catch (cause) {
      const culprit = entries.find((entry) => !encodable(entry)) ?? entries[0]
      throw this.refused(culprit?.[0] ?? '', cause)
    }
  }

  private append(value: unknown): void {
    this.appendBytes(encodeValue(value))
  }

  private appendBytes(bytes: Uint8Array): void {
    const length = new Uint8Array(4)
    new DataView(length.buffer).setUint32(0, bytes.length, true)
    this.chunks.push(length, bytes)
  }
}

function encodable(value: unknown): boolean {
  try {
    encodeValue(value)
    return true
  } catch {
    return false
  }
}

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
