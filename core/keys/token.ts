/** Keys as keys of a JavaScript `Map`, whose equality is that of primitives. */
import { isWellFormed } from '../codec/text.ts'
import { limits } from '../limits.ts'
import type { Key } from './encode.ts'
import { describe, KeyError } from './error.ts'

/** A lone surrogate, which no legal string key has: a tuple's token is never equal to a string key. */
const mark = '\ud800'

/**
 * A string that equal tuples share and no other key has. Any key may be passed; only tuples need it.
 * Throws KeyError for what is no key.
 */
export const tupleToken = (key: Key): string => mark + token(key, 0)

/** What to use for a key in a `Map`: itself, or a tuple's token. Agrees with the canonical encoding. */
export const mapKey = (key: Key): string | number | bigint | boolean =>
  typeof key === 'object' ? tupleToken(key) : key

/** A selector may fill one array again and again; what is kept of a key must not change with it. */
export const copyKey = (key: Key): Key => (typeof key === 'object' ? key.map(copyKey) : key)

function token(key: Key, depth: number): string {
  switch (typeof key) {
    case 'string':
      if (!isWellFormed(key)) throw new KeyError('a string with a lone surrogate')
      return `s${key.length}:${key}`
    case 'number':
      if (!Number.isFinite(key)) throw new KeyError(describe(key))
      return `n${key === 0 ? 0 : key};`
    case 'bigint':
      return `i${key.toString(16)};`
    case 'boolean':
      return key ? 't' : 'f'
    default: {
      if (!Array.isArray(key)) throw new KeyError(describe(key))
      if (depth * 4 > limits.keyBytesMax) throw new KeyError('a tuple that nests too deep')
      let text = '('
      for (const element of key as readonly Key[]) text += token(element, depth + 1)
      return `${text})`
    }
  }
}
