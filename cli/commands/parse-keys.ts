import type { Key } from '../../index.ts'

/** What a person may mean by a key: the JSON value (`42`, `"a"`, `["a",1]`, `true`), `42n`, or the plain string. */
export function parseKeys(text: string): readonly Key[] {
  const bigint = /^-?\d+n$/.test(text) ? [BigInt(text.slice(0, -1))] : []
  return [...jsonKey(text), ...bigint, text]
}

function jsonKey(text: string): Key[] {
  try {
    const value: unknown = JSON.parse(text)
    return isKey(value) ? [value] : []
  } catch {
    return []
  }
}

function isKey(value: unknown): value is Key {
  if (Array.isArray(value)) return value.every(isKey)
  return ['string', 'boolean'].includes(typeof value) || (typeof value === 'number' && Number.isFinite(value))
}
