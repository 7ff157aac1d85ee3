import { describe, expect, it } from 'vitest'
import { canonical, compareRows, isEqual } from './compare.ts'

interface Row {
  id: string
  n: number
}
const row = (id: string, n: number): Row => ({ id, n })
const byId = ({ id }: Row): string => id

describe('compareRows', () => {
  it('equal multisets differ in nothing, whatever the order of rows and fields', () => {
    const result = compareRows(
      [row('a', 1), row('b', 2), row('b', 2)],
      [{ n: 2, id: 'b' }, row('a', 1), row('b', 2)],
      byId,
    )
    expect(result).toEqual({ lost: 0, duplicated: 0, mismatched: 0, differences: [] })
    expect(isEqual(result)).toBe(true)
  })

  it('a row that is not found is lost', () => {
    const result = compareRows([row('a', 1), row('b', 2)], [row('b', 2)], byId)
    expect(result).toMatchObject({ lost: 1, duplicated: 0, mismatched: 0 })
    expect(result.differences).toEqual([{ kind: 'lost', key: 'a', expected: row('a', 1) }])
    expect(isEqual(result)).toBe(false)
  })

  it('a row that is found once too often is duplicated', () => {
    const result = compareRows([row('a', 1), row('a', 1)], [row('a', 1), row('a', 1), row('a', 1)], byId)
    expect(result).toMatchObject({ lost: 0, duplicated: 1, mismatched: 0 })
  })

  it('another value under the key is mismatched, not lost', () => {
    const result = compareRows([row('a', 1)], [row('a', 2)], byId)
    expect(result).toMatchObject({ lost: 0, duplicated: 0, mismatched: 1 })
    expect(result.differences).toEqual([
      { kind: 'mismatched', key: 'a', expected: row('a', 1), found: row('a', 2) },
    ])
  })

  it('a row under a key that nobody expects is mismatched', () => {
    expect(compareRows([], [row('a', 1)], byId)).toMatchObject({ lost: 0, duplicated: 0, mismatched: 1 })
  })

  it('one lost and one doubled row do not cancel out', () => {
    const result = compareRows([row('a', 1), row('b', 2)], [row('a', 1), row('a', 1)], byId)
    expect(result).toMatchObject({ lost: 1, duplicated: 1, mismatched: 0 })
  })

  it('without a key, a changed row is one lost and one mismatched', () => {
    expect(compareRows([row('a', 1)], [row('a', 2)])).toMatchObject({ lost: 1, duplicated: 0, mismatched: 1 })
  })

  it('numbers are compared exactly', () => {
    expect(isEqual(compareRows([row('a', 0.1 + 0.2)], [row('a', 0.3)], byId))).toBe(false)
  })

  it('counts all differences and keeps the first', () => {
    const result = compareRows(
      Array.from({ length: 1_000 }, (_, n) => row(`k${n}`, n)),
      [],
      byId,
    )
    expect(result.lost).toBe(1_000)
    expect(result.differences.length).toBe(10)
  })
})

it('canonical: fields in one order, at every depth', () => {
  expect(canonical({ b: [{ d: 1, c: 2 }], a: null })).toBe('{"a":null,"b":[{"c":2,"d":1}]}')
})
