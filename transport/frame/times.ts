/**
 * Event times behind the records of a frame: a column of its own, since neighbours are close.
 *
 * | bytes | |
 * |---|---|
 * | … | deltas, the first from 0: zigzag varints, as of Protocol Buffers ("Encoding", ZigZag), 7 bits a byte |
 * | 4 | how many bytes the deltas take, little-endian; 0xffff_ffff: none, the times are plain f64 |
 *
 * Plain f64 is for what is no whole number (NaN: a record without a time).
 */
const plain = 0xffff_ffff
const trailerBytes = 4
/** 2 × 2^53 in 7 bits each. */
const deltaBytesMax = 8

/** A copy of `batch` with the times behind it. */
export function appendTimes(batch: Uint8Array, times: readonly number[]): Uint8Array {
  if (!times.every(isCompact)) return appendPlain(batch, times)
  const room = new Uint8Array(batch.length + times.length * deltaBytesMax + trailerBytes)
  room.set(batch)
  let at = batch.length
  let before = 0
  for (const time of times) {
    const delta = time - before
    before = time
    let rest = delta < 0 ? -2 * delta - 1 : 2 * delta
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) room[at++] = (rest % 0x80) | 0x80
    room[at++] = rest
  }
  writeTrailer(room, at, at - batch.length)
  // A copy: what is kept until it is acknowledged should not hold the spare room.
  return room.slice(0, at + trailerBytes)
}

/** The payload before the times, and `count` times, fewer where there are none. Throws RangeError. */
export function readTimes(
  payload: Uint8Array,
  count: number,
): { readonly before: Uint8Array; readonly times: number[] } {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  const end = payload.length - trailerBytes
  if (end < 0) throw new RangeError('no event times')
  const declared = view.getUint32(end, true)
  const length = declared === plain ? 8 * count : declared
  const from = end - length
  if (from < 0) throw new RangeError(`${length} bytes of event times in ${end}`)
  const before = payload.subarray(0, from)
  if (declared === plain) {
    return { before, times: Array.from({ length: count }, (_, i) => view.getFloat64(from + 8 * i, true)) }
  }
  return { before, times: readDeltas(payload.subarray(from, end)) }
}

function readDeltas(bytes: Uint8Array): number[] {
  const times: number[] = []
  let value = 0
  let scale = 1
  let before = 0
  for (const byte of bytes) {
    value += (byte & 0x7f) * scale
    if (byte >= 0x80) {
      scale *= 0x80
      continue
    }
    before += value % 2 === 0 ? value / 2 : -(value + 1) / 2
    if (!isCompact(before)) throw new RangeError(`the event time ${before} in a column of whole numbers`)
    times.push(before)
    value = 0
    scale = 1
  }
  if (scale !== 1) throw new RangeError('event times that end early')
  return times
}

function appendPlain(batch: Uint8Array, times: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(batch.length + 8 * times.length + trailerBytes)
  bytes.set(batch)
  const view = new DataView(bytes.buffer)
  times.forEach((time, i) => view.setFloat64(batch.length + 8 * i, time, true))
  writeTrailer(bytes, bytes.length - trailerBytes, plain)
  return bytes
}

function writeTrailer(bytes: Uint8Array, at: number, value: number): void {
  new DataView(bytes.buffer).setUint32(at, value, true)
}

/** Its distance from any other is exact. */
const isCompact = (time: number): boolean => Math.abs(time) <= compactMax && Number.isInteger(time)
/** A quarter of the safe integers: twice a distance is still exact. */
const compactMax = 2 ** 51
