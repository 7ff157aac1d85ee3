import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StepDriver } from '../testing/driver.ts'
import { session, sliding, tumbling, type TimeWindows } from '../windows/assigners.ts'
import type { JoinType } from './definition.ts'
import { histories, keys, pairText, play, type Arrived, type Row } from './testing/histories.ts'
import { windowJoin, type ErasedWindowJoinFn } from './window.ts'

const fn: ErasedWindowJoinFn = (left, right, { startMs, endMs }) =>
  `${pairText(left, right)} [${startMs}, ${endMs})`

const open = (windows: TimeWindows, type: JoinType = 'inner'): StepDriver =>
  new StepDriver(windowJoin({ keys, onError: 'fail', fn }, windows, type))

const row = (id: number, atMs: number, key = 'a'): Row => ({ id, key, atMs })

interface Window {
  readonly startMs: number
  readonly endMs: number
}

/** Every pair of each window; the windows of each row by trying every start. */
function pairs(
  left: readonly Row[],
  right: readonly Row[],
  windows: readonly Window[],
  type: JoinType,
): string[] {
  return windows.flatMap(({ startMs, endMs }) => {
    const inside = ({ atMs }: Row): boolean => atMs >= startMs && atMs < endMs
    const [ls, rs]: (Row | undefined)[][] = [left.filter(inside), right.filter(inside)]
    if (!ls || !rs || ls.length + rs.length === 0) return []
    if (rs.length === 0 && (type === 'left' || type === 'full')) rs.push(undefined)
    if (ls.length === 0 && (type === 'right' || type === 'full')) ls.push(undefined)
    return ls.flatMap((l) => rs.map((r) => `${pairText(l, r)} [${startMs}, ${endMs})`))
  })
}

function fixedWindows(rows: readonly Row[], sizeMs: number, slideMs: number, offsetMs: number): Window[] {
  const times = rows.map(({ atMs }) => atMs)
  const found: Window[] = []
  for (let at = Math.min(...times) - sizeMs; at <= Math.max(...times); at += 1) {
    if ((((at - offsetMs) % slideMs) + slideMs) % slideMs === 0)
      found.push({ startMs: at, endMs: at + sizeMs })
  }
  return found
}

describe('the window join', () => {
  it('J1: speaks once a window is over, at its last millisecond', () => {
    const driver = open(tumbling({ sizeMs: 10 }))
    driver.first(row(1, 3), 3)
    driver.second(row(2, 9), 9)
    driver.second(row(3, 10), 10)
    driver.advance(8)
    expect(driver.rows()).toEqual([])
    driver.advance(9)
    expect(driver.emitted).toEqual([{ output: 'main', row: 'a: 1 2 [0, 10)', atMs: 9 }])
    driver.advance(19)
    expect([driver.rows().length, driver.keys]).toEqual([1, 0])
  })

  it('J4: a record all of whose windows are over is late; one that has a window left is in that', () => {
    const driver = open(sliding({ sizeMs: 10, slideMs: 5 }))
    driver.second(row(1, 12), 12)
    driver.advance(10)
    driver.first(row(2, 6), 6)
    driver.first(row(3, 4), 4)
    driver.advance(14)
    expect(driver.rows()).toEqual(['a: 2 1 [5, 15)'])
    expect(driver.rows('late')).toEqual([{ side: 'left', record: row(3, 4) }])
  })

  it('sessions reach over both sides, and merge', () => {
    const driver = open(session({ gapMs: 10 }))
    driver.first(row(1, 0), 0)
    driver.second(row(2, 9), 9)
    driver.first(row(3, 18), 18)
    driver.second(row(4, 28), 28)
    driver.advance(27)
    expect(driver.rows()).toEqual(['a: 1 2 [0, 28)', 'a: 3 2 [0, 28)'])
    driver.advance(40)
    expect(driver.keys).toBe(0)
  })

  it('goes by the clock where its windows do', () => {
    const driver = open(tumbling({ sizeMs: 10, time: 'clock' }), 'left')
    driver.tick(5)
    driver.first(row(1, 0))
    driver.tick(10)
    driver.first(row(2, 0))
    driver.second(row(3, 0))
    driver.restart()
    driver.tick(20)
    expect(driver.rows()).toEqual(['a: 1 - [0, 10)', 'a: 2 3 [10, 20)'])
  })

  describe.each<JoinType>(['inner', 'left', 'right', 'full'])('%s', (type) => {
    it('agrees with comparing every pair of every fixed window', () => {
      const shape = fc.record({ slideMs: fc.integer({ min: 1, max: 7 }), more: fc.nat(9), offset: fc.nat(6) })
      fc.assert(
        fc.property(shape, histories(fc), ({ slideMs, more, offset }, actions) => {
          const [sizeMs, offsetMs] = [slideMs + more, offset % slideMs]
          const driver = open(sliding({ sizeMs, slideMs, offsetMs }), type)
          const { all } = play(driver, actions)
          const expected = ['a', 'b'].flatMap((key) => {
            const rows = all.filter((each) => each.key === key)
            // A row is in the windows that were not over when it came.
            return fixedWindows(rows, sizeMs, slideMs, offsetMs).flatMap((window) => {
              const counted = rows.filter(({ watermarkMs }) => window.endMs - 1 > watermarkMs)
              const of = (side: Arrived['side']): Row[] => counted.filter((each) => each.side === side)
              return pairs(of('left'), of('right'), [window], type)
            })
          })
          expect(driver.rows().sort()).toEqual(expected.sort())
          expect(driver.keys).toBe(0)
        }),
        { numRuns: 300 },
      )
    })

    it('agrees with comparing every pair of every session', () => {
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 6 }), histories(fc), (gapMs, actions) => {
          const driver = open(session({ gapMs }), type)
          const punctual = actions.map((action) =>
            'atMs' in action ? { ...action, atMs: Math.max(1, action.atMs) } : action,
          )
          const { all } = play(driver, punctual)
          const expected = ['a', 'b'].flatMap((key) => {
            const rows = all.filter((each) => each.key === key)
            const times = rows.map(({ atMs }) => atMs).sort((a, b) => a - b)
            const windows: Window[] = []
            for (const atMs of times) {
              const last = windows.at(-1)
              if (last && atMs < last.endMs) windows[windows.length - 1] = { ...last, endMs: atMs + gapMs }
              else windows.push({ startMs: atMs, endMs: atMs + gapMs })
            }
            const of = (side: Arrived['side']): Row[] => rows.filter((each) => each.side === side)
            return pairs(of('left'), of('right'), windows, type)
          })
          expect(driver.rows().sort()).toEqual(expected.sort())
          expect([driver.keys, driver.rows('late')]).toEqual([0, []])
        }),
        { numRuns: 300 },
      )
    })
  })
})
