import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StepDriver } from '../testing/driver.ts'
import { advance, type Attempt, type SkipStrategy } from './attempts.ts'
import { matchOperator } from './match.ts'
import { pattern, type Match } from './pattern.ts'

interface Item {
  readonly id: number
  readonly key: string
  readonly letter: string
  readonly atMs: number
}

const ab = pattern<Item>()
  .begin('a', ({ letter }) => letter === 'a')
  .followedBy('b', ({ letter }) => letter === 'b')
  .within(10)

const open = (skip: SkipStrategy = 'none'): StepDriver =>
  new StepDriver(
    matchOperator({
      keyOf: (item: Item) => item.key,
      automaton: { stages: ab.stages, withinMs: ab.withinMs, skip },
      fn: (match: Match<Item, 'a' | 'b'>, key: string) => `${key}: ${match.a.id} ${match.b.id}`,
      onError: 'fail',
    }),
  )

const item = (id: number, letter: string, atMs: number, key = 'k'): Item => ({ id, key, letter, atMs })

describe('match', () => {
  it('M1, M2: takes records in the order of their times; a match has its last one’s', () => {
    const driver = open()
    driver.first(item(1, 'b', 5), 5)
    driver.first(item(2, 'a', 3), 3)
    driver.first(item(3, 'b', 7, 'other'), 7)
    expect(driver.emitted).toEqual([])
    driver.advance(7)
    expect(driver.emitted).toEqual([{ output: 'main', row: 'k: 2 1', atMs: 5 }])
  })

  it('M3: attempts go when their time is over', () => {
    const driver = open()
    driver.first(item(1, 'a', 3), 3)
    driver.advance(13)
    expect(driver.keys).toBe(1)
    driver.advance(14)
    expect(driver.keys).toBe(0)
  })

  it('M4: late records are set aside', () => {
    const driver = open()
    driver.advance(5)
    driver.first(item(1, 'a', 5), 5)
    expect([driver.rows('late'), driver.keys]).toEqual([[item(1, 'a', 5)], 0])
  })

  it('too many attempts of one key are a fatal error that says what to do', () => {
    const driver = open()
    for (let id = 0; id <= 4_000; id += 1) driver.first(item(id, 'a', 3), 3)
    expect(() => driver.advance(3)).toThrowError(
      expect.objectContaining({
        code: 'PATTERN_ATTEMPTS',
        retry: 'fatal',
        message: expect.stringContaining('skip'),
      }),
    )
  })

  it.each<SkipStrategy>(['none', 'past-last'])(
    'agrees with one pass over sorted records (skip %s)',
    (skip) => {
      const action = fc.oneof(
        {
          weight: 6,
          arbitrary: fc.record({
            letter: fc.constantFrom('a', 'b', 'c'),
            key: fc.constantFrom('k', 'l'),
            ahead: fc.integer({ min: 1, max: 15 }),
          }),
        },
        { weight: 2, arbitrary: fc.record({ advance: fc.nat(8) }) },
        { weight: 1, arbitrary: fc.constant({ restart: true }) },
      )
      fc.assert(
        fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
          const driver = open(skip)
          driver.advance(0)
          const items: Item[] = []
          actions.forEach((each, id) => {
            if ('advance' in each) driver.advance(driver.watermark + each.advance)
            else if ('restart' in each) driver.restart()
            else {
              const made = item(id, each.letter, driver.watermark + each.ahead, each.key)
              items.push(made)
              driver.first(made, made.atMs)
            }
          })
          driver.advance(Infinity)
          const expected = ['k', 'l'].flatMap((key) => {
            let attempts: Attempt[] = []
            return items
              .filter((each) => each.key === key)
              .sort((one, other) => one.atMs - other.atMs)
              .flatMap((each) => {
                const step = advance({ ...ab, skip }, attempts, each, each.atMs)
                attempts = step.attempts
                return (step.matches as Item[][]).map(([a, b]) => `${key}: ${a?.id} ${b?.id}`)
              })
          })
          expect(driver.rows().sort()).toEqual(expected.sort())
          expect(driver.keys).toBe(0)
        }),
        { numRuns: 300 },
      )
    },
  )
})
