/**
 * The complete, slow check: what in a value cannot cross a wire unchanged, and where. It explains a refusal
 * of the fast check (`fits.ts`), and is the check of debug mode.
 */
import { limits } from '../limits.ts'
import { isBinaryPrototype } from './binary.ts'
import { BigintCrowd, crowdMax } from './crowd.ts'
import { isWellFormed } from './text.ts'

export interface Flaw {
  /** Where, from the value's root: `$.user.tags[2]`. */
  readonly path: string
  /** What is there: `a function`, `an instance of Account`. */
  readonly found: string
}

/** The first flaw in reading order, or undefined for a value that arrives as it was sent. */
export function findFlaw(value: unknown, depthMax: number = limits.valueDepthMax): Flaw | undefined {
  return inspect(value, '$', { ancestors: [], depthMax, nodesLeft: limits.slotBytesMax / 16 })
}

interface Walk {
  readonly ancestors: object[]
  readonly depthMax: number
  /** References shared at every level make a small value endless to walk. */
  nodesLeft: number
}

function inspect(value: unknown, path: string, walk: Walk): Flaw | undefined {
  switch (typeof value) {
    case 'string':
      return isWellFormed(value) ? undefined : { path, found: 'a string with a lone surrogate' }
    case 'symbol':
    case 'function':
      return { path, found: `a ${typeof value}` }
    case 'object':
      return value === null ? undefined : inspectObject(value, path, walk)
    default:
      return undefined
  }
}

function inspectObject(value: object, path: string, walk: Walk): Flaw | undefined {
  if (walk.ancestors.includes(value)) return { path, found: 'a cycle' }
  if (walk.ancestors.length >= walk.depthMax) return { path, found: `nesting below ${walk.depthMax} levels` }
  walk.nodesLeft -= 1
  if (walk.nodesLeft < 0) return { path, found: 'more content than a message can hold' }
  walk.ancestors.push(value)
  const flaw = inspectContent(value, path, walk)
  walk.ancestors.pop()
  return flaw
}

function inspectContent(value: object, path: string, walk: Walk): Flaw | undefined {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) {
    return inspectFields(value, Reflect.ownKeys(value), path, walk)
  }
  if (prototype === Array.prototype && Array.isArray(value)) return inspectArray(value, path, walk)
  if (isBinaryPrototype(prototype) && ArrayBuffer.isView(value)) return undefined
  const extra = Reflect.ownKeys(value)[0]
  if (prototype === Date.prototype && value instanceof Date) {
    if (extra !== undefined) return { path, found: `a Date with a property ${String(extra)}` }
    return Number.isNaN(value.getTime()) ? { path, found: 'an invalid Date' } : undefined
  }
  if (prototype === Map.prototype && value instanceof Map) {
    if (extra !== undefined) return { path, found: `a Map with a property ${String(extra)}` }
    return inspectMap(value as Map<unknown, unknown>, path, walk)
  }
  if (prototype === Set.prototype && value instanceof Set) {
    if (extra !== undefined) return { path, found: `a Set with a property ${String(extra)}` }
    return inspectSet(value as Set<unknown>, path, walk)
  }
  return { path, found: `an instance of ${className(prototype)}` }
}

function inspectFields(
  value: object,
  keys: readonly (string | symbol)[],
  path: string,
  walk: Walk,
): Flaw | undefined {
  for (const key of keys) {
    if (typeof key === 'symbol') return { path, found: `a symbol key ${String(key)}` }
    const at = /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`
    if (!isWellFormed(key)) return { path: at, found: 'a key with a lone surrogate' }
    const property = Object.getOwnPropertyDescriptor(value, key)
    if (!property) continue
    if (!('value' in property)) return { path: at, found: 'an accessor' }
    if (!property.enumerable) return { path: at, found: 'a property that is not enumerable' }
    const flaw = inspect(property.value, at, walk)
    if (flaw) return flaw
  }
  return undefined
}

function inspectArray(value: readonly unknown[], path: string, walk: Walk): Flaw | undefined {
  for (let i = 0; i < value.length; i += 1) {
    const at = `${path}[${i}]`
    const property = Object.getOwnPropertyDescriptor(value, i)
    if (!property) return { path: at, found: 'a hole' }
    if (!('value' in property)) return { path: at, found: 'an accessor' }
    const flaw = inspect(property.value, at, walk)
    if (flaw) return flaw
  }
  const keys = Reflect.ownKeys(value)
  if (keys.length === value.length + 1) return undefined
  const extra = keys.find(
    (key) => typeof key === 'symbol' || (key !== 'length' && !isIndex(key, value.length)),
  )
  return { path, found: `an array with a property ${String(extra)}` }
}

const isIndex = (key: string, length: number): boolean => String(Number(key)) === key && Number(key) < length

function inspectMap(map: ReadonlyMap<unknown, unknown>, path: string, walk: Walk): Flaw | undefined {
  const crowd = new BigintCrowd()
  for (const [key, item] of map) {
    if (typeof key === 'bigint' && !crowd.takes(key)) return crowded(path, 'Map')
    // An object is a key by its identity, which no wire keeps.
    if (typeof key === 'object' && key !== null) return { path, found: 'a Map with an object as key' }
    const at = `${path}.get(${typeof key === 'string' ? JSON.stringify(key) : String(key)})`
    const flaw = inspect(key, at, walk) ?? inspect(item, at, walk)
    if (flaw) return flaw
  }
  return undefined
}

function inspectSet(set: ReadonlySet<unknown>, path: string, walk: Walk): Flaw | undefined {
  const crowd = new BigintCrowd()
  for (const item of set) {
    if (typeof item === 'bigint' && !crowd.takes(item)) return crowded(path, 'Set')
    if (typeof item === 'object' && item !== null) return { path, found: 'a Set with an object as member' }
    const flaw = inspect(item, path, walk)
    if (flaw) return flaw
  }
  return undefined
}

const crowded = (path: string, kind: string): Flaw => ({
  path,
  found: `a ${kind} with more than ${crowdMax} bigints that agree in their lowest 64 bits`,
})

function className(prototype: unknown): string {
  const constructor: unknown = (prototype as { constructor?: unknown }).constructor
  return typeof constructor === 'function' && constructor.name !== ''
    ? constructor.name
    : 'a class without a name'
}
