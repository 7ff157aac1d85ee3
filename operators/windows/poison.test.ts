import { describe, expect, it } from 'vitest'
import { toList, type Aggregate } from '../aggregates/index.ts'
import { globalWindow, session, sliding, tumbling } from './assigners.ts'
import type { WindowResult } from './definition.ts'
import { WindowDriver } from './testing/driver.ts'
import { early } from './triggers.ts'

interface Item {
  readonly key: string
  readonly atMs: number
}

/** Refuses to speak of item 15. */
const shy: Aggregate<unknown, unknown> = {
  ...(toList<Item>() as Aggregate<unknown, unknown>),
  result(list) {
    const times = (list as readonly Item[]).map(({ atMs }) => atMs)
    if (times.includes(15)) throw new Error('shy')
    return times
  },
}

describe('P1: a pane that throws', () => {
  it.each([
    ['tumbling', tumbling({ sizeMs: 10 })],
    ['sliding', sliding({ sizeMs: 10, slideMs: 2 })],
    ['session', session({ gapMs: 5 })],
  ] as const)(
    '%s: is left out alone; later windows of its key still speak, and nothing stays',
    (_, assigner) => {
      for (const allowedLatenessMs of [0, 30]) {
        const driver = new WindowDriver<WindowResult<string, number[]>>(
          assigner,
          shy,
          { allowedLatenessMs },
          'skip',
        )
        for (const atMs of [5, 15, 25]) driver.record({ key: 'k', atMs } as Item, atMs)
        driver.advance(100)
        const shown = new Set(driver.out.flatMap(({ row }) => row.value))
        expect([...shown].sort((a, b) => a - b)).toEqual([5, 25])
        expect(driver.skipped.length).toBeGreaterThan(0)
        driver.advance(200)
        expect(driver.keys).toBe(0)
      }
    },
  )

  it('early: the next one comes when there is something new', () => {
    const driver = new WindowDriver<{ readonly value: number[] }>(
      globalWindow(),
      shy,
      { trigger: early({ everyMs: 10 }), panes: 'discard' },
      'skip',
    )
    for (const atMs of [15, 25]) {
      driver.record({ key: 'k', atMs } as Item)
      driver.tick(atMs + 10)
    }
    expect(driver.out.map(({ row }) => row.value)).toEqual([[25]])
    expect(driver.skipped).toHaveLength(1)
  })

  it('the record in hand keeps its time', () => {
    const driver = new WindowDriver(
      tumbling({ sizeMs: 10 }),
      shy,
      { trigger: early({ everyCount: 1 }) },
      'skip',
    )
    driver.record({ key: 'k', atMs: 3 } as Item, 3)
    expect(driver.out.map(({ atMs }) => atMs)).toEqual([9])
  })
})
