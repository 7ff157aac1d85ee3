import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toList, type Aggregate } from '../aggregates/index.ts'
import { session, sliding, type WindowAssigner } from './assigners.ts'
import { early, everyRecord, onWatermark } from './triggers.ts'
import { WindowDriver } from './testing/driver.ts'
import {
  fixedModel,
  sessionModel,
  type Event,
  type Expected,
  type FixedShape,
  type Item,
  type Manner,
  type Pane,
} from './testing/models.ts'

/** Records in disorder, of few keys, with watermarks that know nothing of them, and crashes in between. */
const historiesWithin = (fromMs: number, toMs: number, stepMsMax: number) =>
  fc
    .array(
      fc.oneof(
        {
          weight: 8,
          arbitrary: fc.record({
            kind: fc.constant('record' as const),
            key: fc.constantFrom('a', 'b'),
            atMs: fc.integer({ min: fromMs, max: toMs }),
          }),
        },
        {
          weight: 2,
          arbitrary: fc.record({ kind: fc.constant('watermark' as const), stepMs: fc.nat(stepMsMax) }),
        },
        { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
      ),
      { maxLength: 60, size: 'max' },
    )
    .map((drawn): Event[] => {
      let watermarkMs = fromMs - stepMsMax
      return drawn.map((event, id): Event => {
        if (event.kind === 'record') return { kind: 'record', item: { id, key: event.key, atMs: event.atMs } }
        if (event.kind === 'restart') return event
        watermarkMs += event.stepMs
        return { kind: 'watermark', atMs: watermarkMs }
      })
    })
    .map((events): Event[] => [...events, { kind: 'watermark', atMs: Infinity }])

const histories = historiesWithin(-40, 80, 40)

const shapes = fc
  .record({ sizeMs: fc.integer({ min: 1, max: 40 }), slide: fc.double({ min: 0, max: 1, noNaN: true }) })
  .chain(({ sizeMs, slide }) => {
    const slideMs = 1 + Math.floor(slide * (sizeMs - 1))
    return fc.record({
      sizeMs: fc.constant(sizeMs),
      slideMs: fc.constant(slideMs),
      offsetMs: fc.integer({ min: 1 - slideMs, max: slideMs - 1 }),
    })
  })

const manners: fc.Arbitrary<Manner> = fc.record({
  latenessMs: fc.oneof(fc.constant(0), fc.nat(50)),
  trigger: fc.oneof(
    fc.constant(onWatermark()),
    fc.constant(everyRecord()),
    fc.integer({ min: 1, max: 4 }).map((everyCount) => early({ everyCount })),
  ),
  panes: fc.constantFrom('accumulate' as const, 'discard' as const),
})

const plain: Manner = { latenessMs: 0, trigger: onWatermark(), panes: 'accumulate' }

const ids: Aggregate<Item, number[], number[]> = {
  ...toList<number>(),
  add: (list, item) => [...list, item.id],
  result: (list) => [...list].sort((a, b) => a - b),
}

function play(history: readonly Event[], assigner: WindowAssigner, manner: Manner): WindowDriver<Pane> {
  const { latenessMs, trigger, panes } = manner
  const driver = new WindowDriver<Pane>(assigner, ids, {
    trigger,
    panes,
    ...(latenessMs > 0 && { allowedLatenessMs: latenessMs }),
  })
  for (const event of history) {
    if (event.kind === 'record') driver.record(event.item, event.item.atMs)
    else if (event.kind === 'restart') driver.restart()
    else driver.advance(event.atMs)
  }
  return driver
}

const sorted = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row)).sort()

function check(driver: WindowDriver<Pane>, expected: Expected): void {
  expect(sorted(driver.out.map(({ row }) => row))).toEqual(sorted(expected.panes))
  expect(sorted(driver.late.map(({ row }) => row))).toEqual(sorted(expected.late))
  for (const { row, atMs } of driver.out) expect(atMs).toBe(row.endMs - 1)
  for (const { row, atMs } of driver.late) expect(atMs).toBe((row as Item).atMs)
  expect(driver.keys, 'what is past its lateness is gone').toBe(0)
}

const runs = { numRuns: 200 }

describe('fixed windows', () => {
  it('are what going through all windows one by one says: any trigger, panes, lateness, disorder and crash', () => {
    fc.assert(
      fc.property(histories, shapes, manners, (history, shape, manner) => {
        check(play(history, sliding(shape), manner), fixedModel(history, shape, manner))
      }),
      runs,
    )
  })

  it('sliding: slices give what the windows one by one do, also when slides do not divide the size', () => {
    fc.assert(
      fc.property(histories, shapes, fc.nat(50), (history, shape, latenessMs) => {
        const manner = { ...plain, latenessMs }
        check(play(history, sliding(shape), manner), fixedModel(history, shape, manner))
      }),
      runs,
    )
  })

  it('sliding: sums of slices are kept only as long as no record changes a slice in them', () => {
    const dense = historiesWithin(0, 12, 4)
    const many = fc.record({
      sizeMs: fc.integer({ min: 12, max: 30 }),
      slideMs: fc.integer({ min: 1, max: 2 }),
      offsetMs: fc.constant(0),
    })
    fc.assert(
      fc.property(dense, many, fc.constantFrom(0, 0, 10), (history, shape, latenessMs) => {
        const manner = { ...plain, latenessMs }
        check(play(history, sliding(shape), manner), fixedModel(history, shape, manner))
      }),
      runs,
    )
  })

  it('tumbling: each record that is not late is in one window', () => {
    const sizes = fc.integer({ min: 1, max: 40 })
    fc.assert(
      fc.property(histories, sizes, fc.nat(50), (history, sizeMs, latenessMs) => {
        const shape: FixedShape = { sizeMs, slideMs: sizeMs, offsetMs: 0 }
        const manner = { ...plain, latenessMs }
        check(play(history, sliding(shape), manner), fixedModel(history, shape, manner))
      }),
      runs,
    )
  })
})

describe('sessions', () => {
  it('are what merging sets of records says: any trigger, panes, lateness, disorder and crash', () => {
    fc.assert(
      fc.property(histories, fc.integer({ min: 1, max: 30 }), manners, (history, gapMs, manner) => {
        check(play(history, session({ gapMs }), manner), sessionModel(history, gapMs, manner))
      }),
      runs,
    )
  })

  it('without late records they are the gaps in the sorted times, wherever the watermark was', () => {
    fc.assert(
      fc.property(histories, fc.integer({ min: 1, max: 30 }), (history, gapMs) => {
        const onTime: Event[] = []
        let watermarkMs = -Infinity
        for (const event of history) {
          if (event.kind === 'watermark') watermarkMs = event.atMs
          if (event.kind !== 'record' || event.item.atMs > watermarkMs) onTime.push(event)
        }
        const panes = play(onTime, session({ gapMs }), plain).out.map(({ row }) => row)
        expect(sorted(panes)).toEqual(sorted(bySorting(onTime, gapMs)))
      }),
      runs,
    )
  })
})

function bySorting(history: readonly Event[], gapMs: number): Pane[] {
  const items = history.flatMap((event) => (event.kind === 'record' ? [event.item] : []))
  return [...new Set(items.map(({ key }) => key))].flatMap((key) => {
    const mine = items.filter((item) => item.key === key).sort((a, b) => a.atMs - b.atMs)
    const groups: Item[][] = []
    for (const item of mine) {
      const last = groups.at(-1)
      if (last && item.atMs - (last.at(-1)?.atMs ?? NaN) < gapMs) last.push(item)
      else groups.push([item])
    }
    return groups.map((group) => ({
      key,
      startMs: group[0]?.atMs ?? NaN,
      endMs: (group.at(-1)?.atMs ?? NaN) + gapMs,
      value: group.map(({ id }) => id).sort((a, b) => a - b),
    }))
  })
}
