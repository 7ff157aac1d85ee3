import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StepDriver } from '../testing/driver.ts'
import { latestJoin, type LatestOptions } from './latest.ts'
import { histories, keys, pairText, play, type Arrived, type Played, type Row } from './testing/histories.ts'

const open = (options: Partial<LatestOptions> = {}): StepDriver =>
  new StepDriver(
    latestJoin(
      { keys, onError: 'fail', fn: pairText },
      { type: 'inner', by: 'event-time', ttlMs: Infinity, ...options },
    ),
  )

const row = (id: number, atMs: number, key = 'a'): Row => ({ id, key, atMs })

const isLate = ({ atMs, watermarkMs }: Arrived): boolean => atMs <= watermarkMs

/** Where no right row is late. */
function naive({ left, right }: Played, { type, ttlMs }: Pick<LatestOptions, 'type' | 'ttlMs'>): string[] {
  return left
    .filter((each) => !isLate(each))
    .flatMap((each) => {
      const versions = right.filter(({ key, atMs }) => key === each.key && atMs <= each.atMs)
      const newest = Math.max(...versions.map(({ atMs }) => atMs))
      const version = versions.findLast(({ atMs }) => atMs === newest && each.atMs - atMs < ttlMs)
      return version || type === 'left' ? [pairText(each, version)] : []
    })
    .sort()
}

describe('the join with the latest version', () => {
  it('L1: a left row meets the version of its time, whatever came first', () => {
    const driver = open()
    driver.first(row(1, 15), 15)
    driver.second(row(2, 20), 20)
    driver.second(row(3, 10), 10)
    driver.first(row(4, 25), 25)
    expect(driver.rows()).toEqual([])
    driver.advance(15)
    driver.advance(30)
    expect(driver.emitted).toEqual([
      { output: 'main', row: 'a: 1 3', atMs: 15 },
      { output: 'main', row: 'a: 4 2', atMs: 25 },
    ])
  })

  it('L2: of versions of one time the last counts; a late version counts for what is not answered', () => {
    const driver = open()
    driver.second(row(1, 10), 10)
    driver.second(row(2, 10), 10)
    driver.first(row(3, 11), 11)
    driver.advance(20)
    driver.second(row(4, 12), 12)
    driver.first(row(5, 21), 21)
    driver.advance(21)
    expect(driver.rows()).toEqual(['a: 3 2', 'a: 5 4'])
  })

  it('L3: superseded versions go; the newest stays, or goes after ttlMs', () => {
    const driver = open()
    for (let atMs = 0; atMs < 50; atMs += 1) driver.second(row(atMs, atMs), atMs)
    driver.advance(49)
    driver.first(row(99, 1000), 1000)
    driver.advance(1000)
    expect([driver.rows(), driver.keys]).toEqual([['a: 99 49'], 1])
    const forgetful = open({ ttlMs: 100, type: 'left' })
    forgetful.second(row(1, 10), 10)
    forgetful.first(row(2, 109), 109)
    forgetful.first(row(3, 110), 110)
    forgetful.advance(110)
    expect([forgetful.rows(), forgetful.keys]).toEqual([['a: 2 1', 'a: 3 -'], 0])
  })

  it('L4: by arrival the last version counts at once, for ttlMs by the clock', () => {
    const driver = open({ by: 'arrival', type: 'left', ttlMs: 50 })
    driver.first(row(1, 0))
    driver.second(row(2, 0))
    driver.first(row(3, 0))
    driver.tick(49)
    driver.restart()
    driver.first(row(4, 0))
    driver.tick(50)
    driver.first(row(5, 0))
    expect([driver.rows(), driver.keys]).toEqual([['a: 1 -', 'a: 3 2', 'a: 4 2', 'a: 5 -'], 0])
  })

  it.each(['inner', 'left'] as const)('agrees with looking through all versions (%s)', (type) => {
    fc.assert(
      fc.property(histories(fc), fc.option(fc.integer({ min: 1, max: 15 })), (actions, ttl) => {
        const ttlMs = ttl ?? Infinity
        const driver = open({ type, ttlMs })
        const punctual = actions.map((action) =>
          action.kind === 'right' ? { ...action, atMs: Math.max(1, action.atMs) } : action,
        )
        const played = play(driver, punctual)
        expect(driver.rows().sort()).toEqual(naive(played, { type, ttlMs }))
        expect(driver.rows('late')).toHaveLength(played.left.filter(isLate).length)
        if (ttlMs < Infinity) expect(driver.keys).toBe(0)
      }),
      { numRuns: 500 },
    )
  })
})
