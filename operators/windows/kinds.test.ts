import { describe, expect, it } from 'vitest'
import { count, sum, toList, type Aggregate } from '../aggregates/index.ts'
import { countWindow, globalWindow, session, sliding, tumbling } from './assigners.ts'
import { early, everyRecord } from './triggers.ts'
import type { KeyResult, WindowResult } from './definition.ts'
import { WindowDriver } from './testing/driver.ts'

interface Item {
  readonly key: string
  readonly n: number
}

const items = toList() as Aggregate<unknown, unknown>
const total = sum((item: Item) => item.n) as Aggregate<unknown, unknown>
const item = (n: number, key = 'k'): Item => ({ key, n })
const rows = <R>(driver: WindowDriver<R>): R[] => driver.out.map(({ row }) => row)

describe('windows of the clock', () => {
  it.each([
    ['tumbling', tumbling({ sizeMs: 10, time: 'clock' })],
    ['session', session({ gapMs: 10, time: 'clock' })],
  ] as const)('%s: fire when the clock has passed their end, also after a restore', (_, assigner) => {
    const driver = new WindowDriver<WindowResult<string, number>>(assigner, total)
    driver.tick(20)
    driver.record(item(1))
    driver.tick(25)
    driver.record(item(2))
    driver.restart()
    driver.tick(29)
    expect(rows(driver)).toEqual([])
    driver.tick(40)
    const endMs = assigner.kind === 'session' ? 35 : 30
    expect(driver.out).toEqual([{ row: { key: 'k', startMs: 20, endMs, value: 3 }, atMs: endMs - 1 }])
    expect(driver.keys).toBe(0)
  })

  it('sliding: each record is in every window of its time', () => {
    const driver = new WindowDriver<WindowResult<string, number>>(
      sliding({ sizeMs: 20, slideMs: 10, time: 'clock' }),
      count(),
    )
    for (const [nowMs, n] of [[5, 1], [12, 2]] as const) { driver.tick(nowMs); driver.record(item(n)) } // prettier-ignore
    driver.tick(100)
    expect(rows(driver).map(({ startMs, value }) => [startMs, value])).toEqual([[-10, 1], [0, 2], [10, 1]]) // prettier-ignore
  })

  it('do not wait for it when the input ends', () => {
    for (const assigner of [tumbling({ sizeMs: 10, time: 'clock' }), session({ gapMs: 10, time: 'clock' })]) {
      const driver = new WindowDriver<WindowResult<string, number>>(assigner, total)
      driver.record(item(7))
      driver.end()
      expect(rows(driver)).toEqual([{ key: 'k', startMs: 0, endMs: 10, value: 7 }])
      expect(driver.keys).toBe(0)
    }
  })

  it('a clock that is put back does not reopen a window that has fired', () => {
    const driver = new WindowDriver<WindowResult<string, number>>(
      tumbling({ sizeMs: 10, time: 'clock' }),
      total,
    )
    driver.tick(8)
    driver.record(item(1))
    driver.tick(12)
    driver.record(item(2))
    driver.tick(3)
    driver.record(item(4))
    driver.end()
    expect(rows(driver).map(({ startMs, value }) => [startMs, value])).toEqual([[0, 1], [10, 6]]) // prettier-ignore
  })
})

describe('early({ everyMs })', () => {
  const windows = [
    ['tumbling', tumbling({ sizeMs: 1_000 })],
    ['sliding', sliding({ sizeMs: 1_000, slideMs: 1_000 })],
    ['session', session({ gapMs: 1_000 })],
  ] as const

  it.each(windows)(
    '%s: shows what is new, so long after the first of it; accumulated panes grow',
    (_, made) => {
      const driver = new WindowDriver<WindowResult<string, number>>(made, total, {
        trigger: early({ everyMs: 50 }),
      })
      driver.record(item(1), 0)
      driver.tick(30)
      driver.record(item(2), 5)
      driver.tick(49)
      expect(rows(driver)).toEqual([])
      driver.restart()
      driver.tick(50)
      driver.tick(500)
      expect(rows(driver).map(({ value }) => value)).toEqual([3])
      driver.record(item(4), 6)
      driver.tick(550)
      driver.advance(5_000)
      expect(rows(driver).map(({ value }) => value)).toEqual([3, 7, 7])
      expect(driver.keys).toBe(0)
    },
  )

  it.each(windows)('%s: discarded panes sum up to the whole', (_, made) => {
    const driver = new WindowDriver<WindowResult<string, number>>(made, total, {
      trigger: early({ everyMs: 50 }),
      panes: 'discard',
    })
    for (let n = 1; n <= 20; n += 1) {
      driver.record(item(n), n)
      driver.tick(n * 17)
    }
    driver.end()
    const shown = rows(driver).map(({ value }) => value)
    expect(shown.length).toBeGreaterThan(3)
    expect(shown.reduce((a, b) => a + b)).toBe(210)
    expect(driver.keys).toBe(0)
  })
})

describe('a global window', () => {
  it('speaks at the end, once a key', () => {
    const driver = new WindowDriver<KeyResult<string, number>>(globalWindow(), total)
    for (const [n, key] of [[1, 'a'], [2, 'b'], [3, 'a']] as const) driver.record(item(n, key)) // prettier-ignore
    driver.restart()
    driver.end()
    expect(rows(driver).sort((x, y) => (x.key < y.key ? -1 : 1))).toEqual([{ key: 'a', value: 4 }, { key: 'b', value: 2 }]) // prettier-ignore
    expect(driver.keys).toBe(0)
  })

  it('shows panes by count, by time and at every record; discarded ones begin anew', () => {
    const play = (
      trigger: ReturnType<typeof early>,
      panes: 'accumulate' | 'discard',
    ): readonly (readonly number[])[] => {
      const driver = new WindowDriver<KeyResult<string, Item[]>>(globalWindow(), items, { trigger, panes })
      for (const n of [1, 2, 3]) {
        driver.record(item(n))
        driver.tick(n * 30)
      }
      driver.end()
      return rows(driver).map(({ value }) => value.map(({ n }) => n))
    }
    expect(play(early({ everyCount: 2 }), 'accumulate')).toEqual([[1, 2], [1, 2, 3]]) // prettier-ignore
    expect(play(early({ everyCount: 2 }), 'discard')).toEqual([[1, 2], [3]])
    expect(play(early({ everyMs: 60 }), 'accumulate')).toEqual([[1, 2], [1, 2, 3]]) // prettier-ignore
    expect(play(early({ everyMs: 60 }), 'discard')).toEqual([[1, 2], [3]])
    expect(play(everyRecord(), 'accumulate')).toEqual([[1], [1, 2], [1, 2, 3]])
    expect(play(everyRecord(), 'discard')).toEqual([[1], [2], [3]])
  })
})

describe('windows of a count', () => {
  it('emit when they are full and begin anew; the rest is not emitted', () => {
    const driver = new WindowDriver<KeyResult<string, Item[]>>(countWindow({ size: 2 }), items)
    for (const n of [1, 2, 3]) driver.record(item(n), n * 100)
    driver.restart()
    for (const n of [4, 5]) driver.record(item(n), n * 100)
    driver.end()
    expect(driver.out.map(({ row, atMs }) => [row.value.map(({ n }) => n), atMs])).toEqual([
      [[1, 2], 200],
      [[3, 4], 400],
    ])
  })
})
