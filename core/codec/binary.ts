/**
 * Typed arrays in the order of msgpackr's type codes (extension 0x74). Buffers are not here: they travel as
 * plain bytes and arrive as Uint8Array.
 */
const constructors = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as const

const prototypes = new Set<unknown>([Buffer.prototype, ...constructors.map((each) => each.prototype)])

/** Whether an object with this prototype is bytes that the wire can carry. */
export const isBinaryPrototype = (prototype: unknown): boolean => prototypes.has(prototype)

/** The typed array of a type code over a copy of `content`, or undefined where the two do not fit. */
export function typedArrayOf(code: number, content: Uint8Array): ArrayBufferView | undefined {
  const constructor = constructors[code]
  if (!constructor || content.byteLength % constructor.BYTES_PER_ELEMENT !== 0) return undefined
  return new constructor(new Uint8Array(content).buffer)
}
