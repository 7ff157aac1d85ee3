/** The records that every contender works on: six fields, of one shape. */
import { keyGroup, taskOfGroup } from '../../core/keys/index.ts'
import { limits } from '../../core/limits.ts'

export interface Sale {
  readonly id: number
  readonly key: string
  readonly user: number
  readonly city: string
  readonly cents: number
  readonly atMs: number
}

const cities = Array.from({ length: 50 }, (_, i) => `city-${i}`)
const firstMs = 1_700_000_000_000

/** A generator of records over the given keys; record i is a pure function of i. */
export function saleMaker(keys: readonly string[]): (i: number) => Sale {
  const { length } = keys
  return (i) => ({
    id: i,
    key: keys[i % length] as string,
    user: (i * 7919) % 10_007,
    city: cities[i % 50] as string,
    cents: i % 10_000,
    atMs: firstMs + i,
  })
}

export const someKeys = (count: number): string[] => Array.from({ length: count }, (_, i) => `key-${i}`)

/**
 * Records made beforehand, so that no contender's time is that of making them. A power of two of them, to be
 * read round and round with a mask; every key occurs.
 */
export function salePool(keys: number): { readonly pool: readonly Sale[]; readonly mask: number } {
  const size = 2 ** Math.ceil(Math.log2(Math.max(4096, keys)))
  const make = saleMaker(someKeys(keys))
  return { pool: Array.from({ length: size }, (_, i) => make(i)), mask: size - 1 }
}

/** Keys whose records all belong to the second of two tasks, hence all cross from the first worker to the second. */
export function crossingKeys(count: number): string[] {
  const keys: string[] = []
  for (let i = 0; keys.length < count; i += 1) {
    const key = `key-${i}`
    const group = keyGroup(key, limits.keyGroupsDefault)
    if (taskOfGroup(group, 2, limits.keyGroupsDefault) === 1) keys.push(key)
  }
  return keys
}
