/**
 * Checks of records by their list of keys. A shape that keeps coming back gets a function that reads each field
 * by name, which takes 60 % of the time of reading it by a key in a variable. Keys are written into code as
 * JSON strings, which are literals of JavaScript whatever they contain.
 */

import type { FlatShape } from './flat-batch.ts'

/** What a check needs of `fits.ts`. */
export interface FieldChecks {
  readonly isWellFormed: (text: string) => boolean
  readonly noteNegativeZero: () => void
  readonly fitsObject: (value: object, depth: number) => boolean
}

/** The record's content in bytes, about; or one of the two refusals. `depth` is that of the fields. */
export type ShapeCheck = (record: object, depth: number) => number

const refused = -1
export const otherKeys = -2

export interface CheckedShape {
  readonly keys: readonly string[]
  uses: number
  /** Undefined until the shape was seen often, and where code from strings is forbidden. */
  check: ShapeCheck | undefined
  /** Writes whole batches of flat records; undefined until the shape was seen often, null for ever after failures. */
  flat: FlatShape | undefined | null
  /** Batches of the shape that `flat` gave up. */
  flatFailures: number
}

/** Compiling costs about what checking this many records costs. */
const usesBeforeCompiling = 1024
const compiledKeysMax = 64
/** Shapes remembered; when there are more, all are forgotten. */
const shapesMax = 1024

const shapes = new Map<string, CheckedShape>()

/** The one shape with these keys, in this order. */
export function checkedShape(keys: readonly string[]): CheckedShape {
  const name = JSON.stringify(keys)
  const known = shapes.get(name)
  if (known) return known
  const shape: CheckedShape = { keys, uses: 0, check: undefined, flat: undefined, flatFailures: 0 }
  if (shapes.size >= shapesMax) shapes.clear()
  shapes.set(name, shape)
  return shape
}

/** Counts a record of the shape that was checked field by field. */
export function noteUse(shape: CheckedShape, checks: FieldChecks): void {
  shape.uses += 1
  if (shape.uses === usesBeforeCompiling && shape.keys.length <= compiledKeysMax) {
    shape.check = compile(shape.keys, checks)
  }
}

function compile(keys: readonly string[], checks: FieldChecks): ShapeCheck | undefined {
  const body = `return (record, depth) => {
    let count = 0
    for (const key in record) if (key !== keys[count++]) return ${otherKeys}
    if (count !== ${keys.length}) return ${otherKeys}
    let content = count
    let value
    ${keys.map(fieldCheck).join('\n')}
    return content
  }`
  try {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- see the head of this file
    const make = new Function('keys', 'checks', body) as (k: readonly string[], c: FieldChecks) => ShapeCheck
    return make(keys, checks)
  } catch {
    return undefined
  }
}

/** The cases of `fitsValue` in `fits.ts`. */
const fieldCheck = (key: string): string => `
    value = record[${JSON.stringify(key)}]
    if (typeof value === 'number') {
      if (value === 0 && Object.is(value, -0)) checks.noteNegativeZero()
    } else if (typeof value === 'string') {
      content += value.length
      if (!checks.isWellFormed(value)) return ${refused}
    } else if (typeof value === 'object') {
      if (value !== null && !checks.fitsObject(value, depth)) return ${refused}
    } else if (typeof value === 'function' || typeof value === 'symbol') return ${refused}`
