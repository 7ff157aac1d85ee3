import { MillraceError } from '../errors.ts'

/** A value that cannot be a key; `details.found` says what it is. */
export class KeyError extends MillraceError<'KEY_ILLEGAL'> {
  constructor(found: string) {
    super(
      'KEY_ILLEGAL',
      `expected a key (string, finite number, bigint, boolean or an array of these), found ${found}; ` +
        'change what the key selector returns',
      { retry: 'record', details: { found } },
    )
  }
}

/** A value in words, for a refusal. */
export function describe(value: unknown): string {
  if (typeof value === 'number') return String(value)
  if (value === null) return 'null'
  if (typeof value !== 'object') return value === undefined ? 'undefined' : `a ${typeof value}`
  const constructor: unknown = value.constructor
  return typeof constructor === 'function' && constructor !== Object
    ? `an instance of ${constructor.name}`
    : 'an object'
}
