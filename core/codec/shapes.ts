/**
 * Readers of objects by their list of keys (a record definition of the wire). A shape that keeps coming back
 * is compiled to one object literal, as msgpackr does; unlike there, for all frames at once, so that a frame
 * of known shapes compiles nothing. Keys are written into code as JSON strings, which are literals of
 * JavaScript whatever they contain; a computed `["__proto__"]` is an own property.
 */
import { setOwn } from './escape.ts'

export interface Shape {
  /** Reads one value for each key and returns the object. */
  read: () => object
  uses: number
  readonly keys: readonly string[]
}

/** Compiling costs about what reading this many objects costs. */
const usesBeforeCompiling = 64
const compiledKeysMax = 128
/** Shapes remembered; when there are more, all are forgotten. */
const shapesMax = 1024

const shapes = new Map<string, Shape>()

/** The shape with this encoded definition, if known. */
export const knownShape = (definition: string): Shape | undefined => shapes.get(definition)

/** A new shape; `definition` is the encoded list of keys. `readValue` must be the same function in every call. */
export function addShape(definition: string, keys: readonly string[], readValue: () => unknown): Shape {
  const shape: Shape = { keys, uses: 0, read: interpret }
  if (shapes.size >= shapesMax) shapes.clear()
  shapes.set(definition, shape)
  return shape

  function interpret(): object {
    shape.uses += 1
    if (shape.uses > usesBeforeCompiling && keys.length <= compiledKeysMax)
      shape.read = compile(keys, readValue) ?? interpretForEver
    return interpretForEver()
  }

  function interpretForEver(): object {
    const object: Record<string, unknown> = {}
    for (const key of keys) {
      if (key === '__proto__') setOwn(object, key, readValue())
      else object[key] = readValue()
    }
    return object
  }
}

function compile(keys: readonly string[], readValue: () => unknown): (() => object) | undefined {
  const fields = keys.map((key) => (key === '__proto__' ? '["__proto__"]:r()' : `${JSON.stringify(key)}:r()`))
  try {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- see the head of this file
    const make = new Function('r', `return () => ({${fields.join(',')}})`) as (
      r: () => unknown,
    ) => () => object
    return make(readValue)
  } catch {
    // A process that forbids code from strings.
    return undefined
  }
}
