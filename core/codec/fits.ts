/**
 * The fast check before encoding: one pass that costs a quarter of what packing costs, and no allocation for
 * flat records. It may refuse what is fine (`flaw.ts` then has the last word) but accepts nothing that would
 * arrive changed, with two exceptions that debug mode's complete check closes:
 * - symbol keys, accessors and properties that are not enumerable are looked for when an object's keys differ
 *   from those of the object before it at the same depth, and symbols in the first array at each depth;
 * - named properties of typed arrays, and of arrays longer than `namedPropertiesLengthMax`, are not looked for.
 */
import { isBinaryPrototype } from './binary.ts'
import { BigintCrowd } from './crowd.ts'
import { checkedShape, noteUse, otherKeys } from './shape-check.ts'
import type { CheckedShape, FieldChecks } from './shape-check.ts'
import { isWellFormed } from './text.ts'

/** Beyond this, listing an array's keys would cost as much as packing it. */
const namedPropertiesLengthMax = 256

/** What earlier values were found to be, by depth. */
export class Familiar {
  /** Shape of the last object whose properties were looked at. */
  readonly shapes: CheckedShape[] = []
  /** Depths at which an array was looked at. */
  readonly arrays: boolean[] = []
}

const noKeys: readonly string[] = []
const fieldChecks: FieldChecks = {
  isWellFormed,
  noteNegativeZero: () => void (escapes = true),
  fitsObject: (value, depth) => fitsObject(value, depth),
}

let familiar = new Familiar()
let room = 0
let depthMax = 0
let escapes = false

/** Before the values of one encoding. `remembered`: what need not be looked at again. */
export function beginFits(options: { readonly depthMax: number; readonly remembered: Familiar }): void {
  familiar = options.remembered
  depthMax = options.depthMax
  escapes = false
}

/** True since `beginFits` when a value needs `escape.ts` to arrive unchanged. */
export const fitsNeedEscape = (): boolean => escapes

/** What was left of `contentMax` by the last `fits`; negative when there was too much. */
export const fitsRoom = (): number => room

/** Whether `value` can be packed as it is, `depth` levels down, with at most about `contentMax` bytes of content. */
export function fits(value: unknown, contentMax: number, depth = 1): boolean {
  room = contentMax
  return fitsValue(value, depth) && room >= 0
}

function fitsValue(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
      room -= value.length
      return isWellFormed(value)
    case 'number':
      if (value === 0 && Object.is(value, -0)) escapes = true
      return true
    case 'object':
      return value === null || fitsObject(value, depth)
    case 'bigint':
    case 'boolean':
    case 'undefined':
      return true
    default:
      return false
  }
}

function fitsObject(value: object, depth: number): boolean {
  room -= 1
  if (depth > depthMax || room < 0) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype) return fitsRecord(value as Record<string, unknown>, depth)
  if (prototype === Array.prototype) return fitsArray(value, depth)
  return fitsOther(value, prototype, depth)
}

function fitsRecord(record: Readonly<Record<string, unknown>>, depth: number): boolean {
  const shape = familiar.shapes[depth]
  if (shape?.check) {
    const content = shape.check(record, depth + 1)
    if (content >= 0) room -= content
    if (content !== otherKeys) return content >= 0
  }
  return fitsFields(record, depth, shape)
}

function fitsFields(
  record: Readonly<Record<string, unknown>>,
  depth: number,
  shape: CheckedShape | undefined,
): boolean {
  const keys = shape ? shape.keys : noKeys
  let count = 0
  let content = 0
  let known = true
  for (const key in record) {
    if (keys[count] !== key) known = false
    count += 1
    const value = record[key]
    // The cases of `fitsValue`, as a call for each field would be a third of the cost.
    switch (typeof value) {
      case 'string':
        content += value.length
        if (!isWellFormed(value)) return false
        break
      case 'number':
        if (value === 0 && Object.is(value, -0)) escapes = true
        break
      case 'object':
        if (value !== null && !fitsObject(value, depth + 1)) return false
        break
      case 'bigint':
      case 'boolean':
      case 'undefined':
        break
      default:
        return false
    }
  }
  room -= count + content
  if (!shape || !known || keys.length !== count) return learnShape(record, depth)
  noteUse(shape, fieldChecks)
  return true
}

function learnShape(record: object, depth: number): boolean {
  const keys = Object.keys(record)
  let ordinary = true
  for (const key of keys) {
    if (!isWellFormed(key)) return false
    if (key === '__keys__') ordinary = false
    const property = Object.getOwnPropertyDescriptor(record, key)
    if (!property || !('value' in property)) return false
  }
  // Symbols, and what is not enumerable.
  if (Reflect.ownKeys(record).length !== keys.length) return false
  // msgpackr keeps notes of its own under that name.
  if (ordinary) familiar.shapes[depth] = checkedShape(keys)
  else escapes = true
  return true
}

function fitsArray(array: object, depth: number): boolean {
  if (!Array.isArray(array)) return false
  const items = array as readonly unknown[]
  const length = items.length
  room -= length
  if (length <= namedPropertiesLengthMax && Object.keys(items).length !== length) return false
  if (familiar.arrays[depth] !== true) {
    if (Object.getOwnPropertySymbols(items).length > 0) return false
    familiar.arrays[depth] = true
  }
  for (let i = 0; i < length; i += 1) {
    const item = items[i]
    if (item === undefined && !Object.hasOwn(items, i)) return false
    if (!fitsValue(item, depth + 1)) return false
  }
  return true
}

function fitsOther(value: object, prototype: unknown, depth: number): boolean {
  if (prototype === null) {
    escapes = true
    return fitsRecord(value as Record<string, unknown>, depth)
  }
  if (isBinaryPrototype(prototype)) {
    if (!ArrayBuffer.isView(value)) return false
    room -= value.byteLength
    return true
  }
  if (Object.getOwnPropertyNames(value).length > 0) return false
  if (Object.getOwnPropertySymbols(value).length > 0) return false
  if (value instanceof Date) return prototype === Date.prototype && !Number.isNaN(value.getTime())
  if (value instanceof Map) return prototype === Map.prototype && fitsMap(value)
  if (value instanceof Set) return prototype === Set.prototype && fitsSet(value)
  return false

  function fitsMap(map: ReadonlyMap<unknown, unknown>): boolean {
    const crowd = new BigintCrowd()
    for (const [key, item] of map) {
      if (typeof key === 'object' && key !== null) return false
      if (typeof key === 'bigint' && !crowd.takes(key)) return false
      if (!fitsValue(key, depth + 1) || !fitsValue(item, depth + 1)) return false
    }
    room -= map.size
    return true
  }

  function fitsSet(set: ReadonlySet<unknown>): boolean {
    const crowd = new BigintCrowd()
    for (const item of set) {
      if (typeof item === 'object' && item !== null) return false
      if (typeof item === 'bigint' && !crowd.takes(item)) return false
      if (!fitsValue(item, depth + 1)) return false
    }
    room -= set.size
    return true
  }
}
