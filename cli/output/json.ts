/**
 * One line of JSON. What JSON lacks is written so that a reader can use it: a bigint as a number, or as its
 * digits where it is too large; a Map as `[key, value]` pairs, a Set and a typed array as an array.
 */
export const toJson = (value: unknown): string => JSON.stringify(value, plain)

function plain(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : value.toString()
  }
  if (value instanceof Map || value instanceof Set) return [...(value as Iterable<unknown>)]
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return [...(value as Uint8Array)]
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  return value
}
