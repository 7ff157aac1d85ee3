import { describe, expect, expectTypeOf, it } from 'vitest'
import type { ConfigError } from '../../core/errors.ts'
import { count, max, sum, together, toList } from '../aggregates/index.ts'
import { flow } from '../flow.ts'
import { collect } from '../sinks/index.ts'
import { fromGenerator } from '../sources/index.ts'
import { flowWarnings } from '../warnings.ts'
import {
  countWindow,
  early,
  globalWindow,
  onWatermark,
  session,
  sliding,
  tumbling,
  type KeyResult,
  type WindowResult,
} from './index.ts'

interface Click {
  readonly page: string
  readonly atMs: number
}

const endless = fromGenerator({ count: Infinity, at: (n): Click => ({ page: '/', atMs: n }) })

const untimed = () => {
  const made = flow('f')
  return { made, clicks: made.source('clicks', endless).keyBy('by-page', (click) => click.page) }
}
const timed = () => {
  const made = flow('f')
  const clicks = made
    .source('clicks', endless)
    .eventTime('clock', { atMs: (click) => click.atMs })
    .keyBy('by-page', (click) => click.page)
  return { made, clicks }
}

const codeOf = (call: () => unknown): string => {
  try {
    call()
  } catch (error) {
    return (error as ConfigError).code
  }
  return 'accepted'
}

describe('windows that cannot work', () => {
  it('windows of event time without it: a type error, and at the build of the graph', () => {
    const { made, clicks } = untimed()
    clicks
      // @ts-expect-error: the stream has no event time
      .window('minute', tumbling({ sizeMs: 60_000 }))
      .aggregate('counted', count())
      .sink('out', collect())
    expect(() => made.graph()).toThrowError(
      expect.objectContaining({ code: 'EVENT_TIME_MISSING', message: expect.stringContaining("'minute'") }),
    )
  })

  it('lateness where there is no event time to be late by', () => {
    const { clicks } = timed()
    expect(
      codeOf(() =>
        // @ts-expect-error: windows of the clock have no late records
        clicks.window('w', tumbling({ sizeMs: 10, time: 'clock' }), { allowedLatenessMs: 5 }),
      ),
    ).toBe('LATENESS_ILLEGAL')
    expect(codeOf(() => clicks.window('w', tumbling({ sizeMs: 10 }), { allowedLatenessMs: -1 }))).toBe(
      'LATENESS_ILLEGAL',
    )
  })

  it.each([
    ['a size of 0', () => tumbling({ sizeMs: 0 })],
    ['a size that is no whole number', () => tumbling({ sizeMs: 0.5 })],
    ['a gap of 0', () => session({ gapMs: 0 })],
    ['a count of 0', () => countWindow({ size: 0 })],
    ['slides that leave records out', () => sliding({ sizeMs: 10, slideMs: 11 })],
    ['windows beyond number', () => sliding({ sizeMs: 100_000_000, slideMs: 1 })],
    ['an offset of a whole window', () => tumbling({ sizeMs: 10, offsetMs: 10 })],
    ['an unknown time', () => tumbling({ sizeMs: 10, time: 'wall' as never })],
    ['early by nothing', () => early({} as never)],
    ['early by both', () => early({ everyMs: 5, everyCount: 5 })],
    ['early by 0', () => early({ everyCount: 0 })],
    ['no assigner', () => timed().clicks.window('w', {} as never)],
    ['no trigger', () => timed().clicks.window('w', tumbling({ sizeMs: 1 }), { trigger: 'early' as never })],
    [
      'unknown panes',
      () => timed().clicks.window('w', tumbling({ sizeMs: 1 }), { panes: 'retract' as never }),
    ],
    [
      'a trigger of counts',
      () => timed().clicks.window('w', countWindow({ size: 2 }), { trigger: onWatermark() }),
    ],
  ])('%s is refused', (_, make) => {
    expect(codeOf(make)).toBe('WINDOW_ILLEGAL')
  })

  it('an aggregate that cannot merge, for windows that do', () => {
    const plain = { init: () => 0, add: (n: number) => n + 1 }
    const { clicks } = timed()
    const refused = [sliding({ sizeMs: 20, slideMs: 5 }), session({ gapMs: 5 })]
    for (const assigner of refused) {
      expect(codeOf(() => clicks.window('w', assigner).aggregate('a', plain))).toBe('AGGREGATE_ILLEGAL')
    }
    expect(codeOf(() => clicks.window('w', tumbling({ sizeMs: 5 })).aggregate('a', plain))).toBe('accepted')
    expect(codeOf(() => clicks.window('v', tumbling({ sizeMs: 5 })).aggregate('b', {} as never))).toBe(
      'AGGREGATE_ILLEGAL',
    )
  })

  it('late records of windows that have none', () => {
    const counted = timed()
      .clicks.window('w', countWindow({ size: 2 }))
      .aggregate('a', count())
    expect(codeOf(() => counted.late)).toBe('OUTPUT_UNKNOWN')
  })

  it('a global window that is never let go is a warning with its name', () => {
    const warned = (options: Parameters<ReturnType<typeof untimed>['clicks']['window']>[2]): string[] => {
      const { made, clicks } = untimed()
      clicks.window('all', globalWindow(), options).aggregate('total', count()).sink('out', collect())
      return flowWarnings(made.graph()).map(({ step, code }) => `${code} ${step}`)
    }
    expect(warned({ trigger: early({ everyCount: 9 }) })).toEqual(['STATE_UNBOUNDED total'])
    expect(warned({ trigger: early({ everyCount: 9 }), panes: 'discard' })).toEqual([])
  })

  it('a count window that may never be full is a warning with its name', () => {
    const warned = (size: number): string[] => {
      const { made, clicks } = untimed()
      clicks.window('all', countWindow({ size })).aggregate('total', count()).sink('out', collect())
      return flowWarnings(made.graph()).map(({ step, code }) => `${code} ${step}`)
    }
    expect(warned(2)).toEqual(['STATE_UNBOUNDED total'])
    expect(warned(1)).toEqual([])
  })
})

describe('types of windows', () => {
  it('results carry the key, the edges where there are some, and the aggregate; late records are the input', () => {
    const { clicks } = timed()
    const counted = clicks
      .window('w', tumbling({ sizeMs: 5 }))
      .aggregate('a', together({ n: count(), last: max((click) => click.atMs), list: toList() }))
    counted.map('x', (row) => {
      expectTypeOf(row).toEqualTypeOf<
        WindowResult<string, { n: number; last: number; list: readonly Click[] }>
      >()
      return row
    })
    counted.late.map('y', (click) => {
      expectTypeOf(click).toEqualTypeOf<Click>()
      return click
    })
    clicks
      .window('v', globalWindow())
      .aggregate(
        'b',
        sum((click) => click.atMs),
      )
      .map('z', (row) => {
        expectTypeOf(row).toEqualTypeOf<KeyResult<string, number>>()
        return row
      })
  })
})
