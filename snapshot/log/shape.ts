/** Checks of decoded values: what a checksum confirms may still be forged, or written by something else. */
export type Plain = Readonly<Record<string, unknown>>

class ShapeError extends TypeError {}

export const shapeError = (where: string, expected: string, found: unknown): Error =>
  new ShapeError(`${where}: expected ${expected}, got ${describe(found)}`)

function describe(found: unknown): string {
  if (typeof found === 'string') return JSON.stringify(found.slice(0, 80))
  if (typeof found === 'number' || typeof found === 'boolean') return String(found)
  return found === null ? 'null' : typeof found
}

export function object(value: unknown, where: string): Plain {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw shapeError(where, 'an object', value)
  return value as Plain
}

export function array<T>(value: unknown, where: string, item: (value: unknown, where: string) => T): T[] {
  if (!Array.isArray(value)) throw shapeError(where, 'an array', value)
  return value.map((element: unknown, i) => item(element, `${where}[${i}]`))
}

export function text(value: unknown, where: string): string {
  if (typeof value !== 'string') throw shapeError(where, 'a string', value)
  return value
}

export function flag(value: unknown, where: string): boolean {
  if (typeof value !== 'boolean') throw shapeError(where, 'true or false', value)
  return value
}

export function whole(value: unknown, where: string, min = 0): number {
  if (!Number.isSafeInteger(value) || (value as number) < min) {
    throw shapeError(where, `a whole number ≥ ${min}`, value)
  }
  return value as number
}

export function finite(value: unknown, where: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw shapeError(where, 'a finite number', value)
  return value
}

export function bytes(value: unknown, where: string): Uint8Array {
  if (!(value instanceof Uint8Array)) throw shapeError(where, 'bytes', value)
  return value
}
