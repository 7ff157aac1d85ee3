import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StepDriver } from '../testing/driver.ts'
import type { JoinType } from './definition.ts'
import { intervalJoin, type IntervalBounds } from './interval.ts'
import { histories, keys, pairText, play, type Arrived, type Played, type Row } from './testing/histories.ts'

const open = (bounds: IntervalBounds, type: JoinType = 'inner'): StepDriver =>
  new StepDriver(intervalJoin({ keys, onError: 'fail', fn: pairText }, bounds, type))

const onTime = (rows: readonly Arrived[]): Arrived[] =>
  rows.filter(({ atMs, watermarkMs }) => atMs > watermarkMs)

function naive({ left, right }: Played, { beforeMs, afterMs }: IntervalBounds, type: JoinType): string[] {
  const [ls, rs] = [onTime(left), onTime(right)]
  const meet = (l: Row, r: Row): boolean =>
    l.key === r.key && r.atMs >= l.atMs - beforeMs && r.atMs <= l.atMs + afterMs
  const pairs = ls.flatMap((l) => rs.filter((r) => meet(l, r)).map((r) => pairText(l, r)))
  const lonely = type === 'left' || type === 'full' ? ls.filter((l) => !rs.some((r) => meet(l, r))) : []
  const others = type === 'right' || type === 'full' ? rs.filter((r) => !ls.some((l) => meet(l, r))) : []
  return [
    ...pairs,
    ...lonely.map((l) => pairText(l, undefined)),
    ...others.map((r) => pairText(undefined, r)),
  ].sort()
}

const row = (id: number, atMs: number, key = 'a'): Row => ({ id, key, atMs })

describe('the interval join', () => {
  it('I1: emits each pair once, when its later record comes, at the later time', () => {
    const driver = open({ beforeMs: 5, afterMs: 10 })
    driver.first(row(1, 100), 100)
    for (const [id, atMs] of [
      [2, 94],
      [3, 95],
      [4, 110],
      [5, 111],
    ] as const)
      driver.second(row(id, atMs), atMs)
    driver.second(row(6, 100, 'b'), 100)
    expect(driver.emitted).toEqual([
      { output: 'main', row: 'a: 1 3', atMs: 100 },
      { output: 'main', row: 'a: 1 4', atMs: 110 },
    ])
  })

  it('I2: rows go when the watermark says that no partner comes; lonely ones are results then', () => {
    const driver = open({ beforeMs: 5, afterMs: 10 }, 'full')
    driver.first(row(1, 100), 100)
    driver.second(row(2, 50), 50)
    driver.advance(54)
    expect([driver.rows(), driver.keys]).toEqual([[], 1])
    driver.advance(55)
    expect(driver.emitted).toEqual([{ output: 'main', row: 'a: - 2', atMs: 55 }])
    driver.advance(110)
    expect(driver.emitted.at(-1)).toEqual({ output: 'main', row: 'a: 1 -', atMs: 110 })
    expect(driver.keys).toBe(0)
  })

  it('I3: late records are set aside, with their side', () => {
    const driver = open({ beforeMs: 5, afterMs: 5 })
    driver.first(row(1, 101), 101)
    driver.advance(100)
    driver.second(row(2, 100), 100)
    expect(driver.rows()).toEqual([])
    expect(driver.rows('late')).toEqual([{ side: 'right', record: row(2, 100) }])
  })

  it('T1: the pairs of one record may be more than one call may emit', () => {
    const driver = open({ beforeMs: 0, afterMs: 0 })
    for (let id = 0; id < 20_000; id += 1) driver.first(row(id, 7), 7)
    driver.second(row(20_000, 7), 7)
    expect(driver.rows()).toHaveLength(20_000)
  })

  it.each<JoinType>(['inner', 'left', 'right', 'full'])(
    'agrees with comparing every pair, whatever the order, the lateness and the restarts (%s)',
    (type) => {
      const bounds = fc
        .tuple(fc.integer({ min: -4, max: 6 }), fc.nat(8))
        .map(([beforeMs, width]) => ({ beforeMs, afterMs: width - beforeMs }))
      fc.assert(
        fc.property(bounds, histories(fc), (given, actions) => {
          const driver = open(given, type)
          const played = play(driver, actions)
          expect(driver.rows().sort()).toEqual(naive(played, given, type))
          expect(driver.rows('late')).toHaveLength(played.all.length - onTime(played.all).length)
          expect(driver.keys).toBe(0)
        }),
        { numRuns: 400 },
      )
    },
  )
})
