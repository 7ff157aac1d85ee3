/**
 * Freezes a value and what is in it, for debug mode: a later change to an emitted record throws where it is
 * made. Maps and Sets freeze their contents only, typed arrays not at all: JavaScript has no way.
 */
export function freezeDeep<T>(value: T): T {
  freeze(value, new Set())
  return value
}

function freeze(value: unknown, seen: Set<object>): void {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || seen.has(value)) return
  seen.add(value)
  if (value instanceof Map) {
    for (const [key, item] of value) {
      freeze(key, seen)
      freeze(item, seen)
    }
  } else if (value instanceof Set) {
    for (const item of value) freeze(item, seen)
  } else {
    for (const item of Object.values(value)) freeze(item, seen)
  }
  Object.freeze(value)
}
