/**
 * What msgpackr cannot write as it is, written as something that it can and that no value is otherwise:
 * - −0 as the byte 0xc1, which MessagePack never uses;
 * - an object with a key `__keys__` (where msgpackr keeps notes of its own), or without a prototype, as a
 *   map whose first key is 0xc1 with the object's kind as value. No Map has such a key: −0 is 0 there.
 * Slow: it copies. Only values for which the fast check asks come here.
 */
import { C1 } from 'msgpackr'

export const escapedPlain = 0
export const escapedWithoutPrototype = 1

export function escapeValue(value: unknown): unknown {
  if (typeof value === 'number') return Object.is(value, -0) ? C1 : value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(escapeValue)
  if (value instanceof Map) {
    return new Map([...(value as Map<unknown, unknown>)].map(([key, item]) => [key, escapeValue(item)]))
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === null) return escapeObject(value, escapedWithoutPrototype)
  if (prototype !== Object.prototype) return value
  if (Object.hasOwn(value, '__keys__')) return escapeObject(value, escapedPlain)
  const copy = {}
  for (const [key, item] of Object.entries(value)) setOwn(copy, key, escapeValue(item))
  return copy
}

function escapeObject(value: object, kind: number): Map<unknown, unknown> {
  const map = new Map<unknown, unknown>([[C1, kind]])
  for (const [key, item] of Object.entries(value)) map.set(key, escapeValue(item))
  return map
}

/** An own property, also for `__proto__`, which assignment would take for the prototype. */
export function setOwn(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
}
