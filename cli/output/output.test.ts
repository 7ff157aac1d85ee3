import { describe, expect, it } from 'vitest'
import { toJson } from './json.ts'
import { byteSize, counted, duration } from './numbers.ts'
import { Rate } from './rate.ts'
import { table } from './table.ts'

describe('output', () => {
  it('numbers have units and separators', () => {
    expect(byteSize(900)).toBe('900 B')
    expect(byteSize(1536)).toBe('1.5 KiB')
    expect(byteSize(50 * 1024 * 1024)).toBe('50 MiB')
    expect(duration(12.4)).toBe('12 ms')
    expect(duration(1234)).toBe('1.23 s')
    expect(counted(1, 'kill')).toBe('1 kill')
    expect(counted(3_000_000, 'record')).toBe('3,000,000 records')
  })

  it('a table aligns its columns', () => {
    const columns = [{ title: 'id', align: 'right' }, { title: 'name' }] as const
    expect(
      table(columns, [
        ['7', 'a'],
        ['12', 'bcd'],
      ]),
    ).toBe('id  name\n 7  a\n12  bcd')
  })

  it('a rate is over the last seconds', () => {
    const rate = new Rate()
    expect(rate.of(0, 0)).toBe(0)
    expect(rate.of(1_000, 1_000)).toBe(1_000)
    for (let s = 2; s <= 10; s += 1) rate.of(1_000, s * 1_000)
    expect(rate.of(1_000, 11_000)).toBe(0)
  })

  it('JSON of what JSON lacks', () => {
    expect(toJson({ a: 1n, b: 2n ** 70n, c: new Map([[1, 'x']]), d: new Set([1]), e: NaN })).toBe(
      '{"a":1,"b":"1180591620717411303424","c":[[1,"x"]],"d":[1],"e":"NaN"}',
    )
    expect(toJson(new Uint8Array([1, 2]))).toBe('[1,2]')
  })
})
