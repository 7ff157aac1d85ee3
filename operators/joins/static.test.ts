import { describe, expect, expectTypeOf, it } from 'vitest'
import { silentLog } from '../../core/log.ts'
import { stepName } from '../../core/ids.ts'
import { simulatedFiles } from '../../core/simulated/files.ts'
import { virtualTime } from '../../core/simulated/time.ts'
import { flow } from '../flow.ts'
import { Openings } from '../openings.ts'
import { fromArray, fromCsv, fromGenerator } from '../sources/index.ts'
import type { SourceDefinition } from '../source.ts'
import { fakeContext } from '../testing/context.ts'
import { resolveStatic, staticJoin, type StaticJoinOptions } from './static.ts'

interface Row {
  readonly id: number
  readonly name: string
}

async function open(side: SourceDefinition<unknown>, options: StaticJoinOptions<'inner' | 'left'> = {}) {
  const out: unknown[] = []
  const parts = {
    source: side,
    keys: { left: (n: never) => n, right: (row: Row) => row.id },
    fn: (n: number, row: Row | undefined) => `${n} ${row?.name}`,
  }
  const definition = staticJoin(resolveStatic('s', parts, options))
  const { ports } = fakeContext()
  const timers = { ...ports.timers, soon: (go: () => void) => queueMicrotask(go) }
  const context = fakeContext({
    step: stepName('s'),
    emit: (row) => out.push(row),
    ports: { ...ports, timers },
  })
  const instance = definition.create(context)
  await instance.load?.(
    { step: 's', files: simulatedFiles(), log: silentLog },
    new Openings(virtualTime(), 1_000),
  )
  return { out, instance }
}

const rows: readonly Row[] = [
  { id: 1, name: 'one' },
  { id: 2, name: 'two' },
  { id: 1, name: 'uno' },
]

describe('joinStatic', () => {
  it('meets the rows of its key in their order, and none is a result of a left join', async () => {
    const inner = await open(fromArray(rows))
    const left = await open(fromArray(rows), { type: 'left' })
    for (const { instance } of [inner, left]) for (const n of [2, 3, 1]) instance.onRecord(n)
    expect(inner.out).toEqual(['2 two', '1 one', '1 uno'])
    expect(left.out).toEqual(['2 two', '3 undefined', '1 one', '1 uno'])
  })

  it('ST2: other rows, or the same in another order, are another side', async () => {
    const { instance } = await open(fromArray(rows))
    const sections = instance.unkeyed?.snapshot() ?? []
    const same = await open(fromGenerator({ count: 3, at: (i) => rows[i] }))
    expect(() => same.instance.unkeyed?.restore(sections)).not.toThrow()
    const turned = [...rows].reverse()
    const other = await open(fromArray(turned))
    expect(() => other.instance.unkeyed?.restore(sections)).toThrowError(
      expect.objectContaining({ code: 'SOURCE_CHANGED', retry: 'fatal' }),
    )
    const reloading = await open(fromArray(turned), { onChange: 'reload' })
    expect(() => reloading.instance.unkeyed?.restore(sections)).not.toThrow()
  })

  it('is bounded: too many rows, also of one key, are refused', async () => {
    const endless = fromGenerator({ count: Infinity, at: (id) => ({ id, name: '' }) })
    const many = (count: number) => fromGenerator({ count, at: () => ({ id: 1, name: '' }) })
    await expect(open(endless, { rowsMax: 5_000 })).rejects.toMatchObject({ code: 'SIDE_TOO_LARGE' })
    await expect(open(many(10_001))).rejects.toMatchObject({ code: 'SIDE_TOO_LARGE' })
    await expect(open(many(10_000))).resolves.toBeDefined()
  })

  it('a key that is none is an error of its record, not one without rows', async () => {
    const { instance } = await open(fromArray(rows), { type: 'left' })
    for (const key of [undefined, NaN, {}]) {
      expect(() => instance.onRecord(key)).toThrowError(
        expect.objectContaining({ code: 'KEY_SELECTOR_THREW' }),
      )
    }
    await expect(open(fromArray([{ name: 'no id' }]))).rejects.toMatchObject({ code: 'KEY_SELECTOR_THREW' })
  })

  it('rows are frozen: what one record sees does not depend on another', async () => {
    const parts = {
      source: fromArray(rows) as SourceDefinition<unknown>,
      keys: { left: () => 1, right: () => 1 },
      fn: (_: unknown, row: { name: string }) => (row.name = 'changed'),
    }
    const instance = staticJoin(resolveStatic('s', parts)).create(fakeContext())
    await instance.load?.(
      { step: 's', files: simulatedFiles(), log: silentLog },
      new Openings(virtualTime(), 1_000),
    )
    expect(() => instance.onRecord(1)).toThrowError(expect.objectContaining({ code: 'OPERATOR_THREW' }))
  })

  it('infers its types, and refuses what is no side', () => {
    const numbers = flow('f').source('numbers', fromArray([1, 2]))
    const keys = { left: (n: number) => n, right: (row: Row) => row.id }
    numbers.joinStatic('a', fromArray(rows), keys, (n, row) => {
      expectTypeOf(n).toEqualTypeOf<number>()
      expectTypeOf(row).toEqualTypeOf<Row>()
    })
    const left = (n: number, row: Row | undefined) => `${n} ${row?.name}`
    const joined = numbers.joinStatic('b', fromArray(rows), keys, left, { type: 'left' })
    expectTypeOf(joined.map('c', (text) => text.length)).not.toBeAny()
    const apart = { left: (n: number) => n, right: (row: Row) => row.name }
    // @ts-expect-error keys of other types
    numbers.joinStatic('d', fromArray(rows), apart, left)
    const refused = (side: unknown, options?: object): unknown => {
      try {
        numbers.joinStatic('e', side as SourceDefinition<Row>, keys, left, options)
        return 'accepted'
      } catch (error) {
        return (error as { code: string }).code
      }
    }
    expect(refused([])).toBe('SIDE_ILLEGAL')
    expect(refused({ ...fromArray(rows), replayable: false })).toBe('SIDE_ILLEGAL')
    expect(refused(fromCsv('a.csv', { badRows: 'dead-letter' }))).toBe('SIDE_ILLEGAL')
    expect(refused(fromArray(rows), { rowsMax: 0 })).toBe('OPTION_ILLEGAL')
    expect(refused(fromArray(rows), { type: 'right' })).toBe('OPTION_ILLEGAL')
    expect(refused(fromArray(rows), { onChange: 'ignore' })).toBe('OPTION_ILLEGAL')
  })
})
