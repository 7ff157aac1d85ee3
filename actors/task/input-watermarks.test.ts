import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { watermark } from '../../core/elements.ts'
import { InputWatermarks } from './input-watermarks.ts'

const two = (): InputWatermarks => new InputWatermarks([true, true])

describe('the watermark of several inputs', () => {
  it('is the lowest, and is said only when it changed', () => {
    const inputs = two()
    expect(inputs.watermark(0, watermark(5))).toBeUndefined()
    expect(inputs.watermark(1, watermark(3))).toEqual(watermark(3))
    expect(inputs.watermark(1, watermark(4))).toEqual(watermark(4))
    expect(inputs.watermark(1, watermark(9))).toEqual(watermark(5))
    expect(inputs.watermark(1, watermark(9))).toBeUndefined()
  })

  it('leaves idle inputs out; one that returns with less does not take it back, but holds it', () => {
    const inputs = two()
    inputs.watermark(0, watermark(5))
    expect(inputs.watermark(1, watermark(2, true))).toEqual(watermark(5))
    expect(inputs.watermark(0, watermark(8))).toEqual(watermark(8))
    expect(inputs.records(1)).toBeUndefined()
    expect(inputs.watermark(0, watermark(20))).toBeUndefined()
    expect(inputs.watermark(1, watermark(12))).toEqual(watermark(12))
  })

  it('says so when all are idle, where it was, and when one is back', () => {
    const inputs = two()
    inputs.watermark(0, watermark(5))
    inputs.watermark(1, watermark(7))
    inputs.watermark(1, watermark(7, true))
    expect(inputs.watermark(0, watermark(5, true))).toEqual(watermark(5, true))
    expect(inputs.records(1)).toEqual(watermark(7))
  })

  it('C10: an ended input holds nothing back; of all together it is +Infinity', () => {
    const inputs = two()
    inputs.watermark(0, watermark(5))
    expect(inputs.end(1)).toEqual(watermark(5))
    expect(inputs.end(0)).toEqual(watermark(Infinity))
  })

  it('C10: ended and idle inputs together are idle, not ended', () => {
    const inputs = two()
    inputs.end(1)
    expect(inputs.watermark(0, watermark(5, true))).toEqual(watermark(5, true))
    expect(inputs.watermark(0, watermark(6))).toEqual(watermark(6))
  })

  it('C10: what an input said before it ended holds, as soon as the others are idle or ended', () => {
    const idle = new InputWatermarks([true, true, true])
    idle.watermark(0, watermark(9))
    idle.watermark(1, watermark(3))
    idle.end(0)
    expect(idle.watermark(2, watermark(-Infinity, true))).toEqual(watermark(3))
    expect(idle.watermark(1, watermark(3, true))).toEqual(watermark(9, true))
    const ended = two()
    ended.watermark(0, watermark(9))
    expect(ended.end(1)).toEqual(watermark(9))
    const both = two()
    both.watermark(0, watermark(9))
    both.watermark(1, watermark(3))
    expect(both.end(0)).toBeUndefined()
    expect(both.last(1)).toEqual(watermark(9))
    const silent = two()
    silent.end(0)
    expect(silent.last(1)).toBeUndefined()
  })

  it('inputs without event time have no say', () => {
    const inputs = new InputWatermarks([true, false])
    expect(inputs.watermark(0, watermark(5))).toEqual(watermark(5))
    expect([inputs.end(1), inputs.records(1)]).toEqual([undefined, undefined])
  })

  it('W1: never goes back, whatever comes, and is never above a live input', () => {
    const fact = fc.record({
      input: fc.nat(2),
      what: fc.constantFrom('watermark', 'idle', 'records', 'end'),
      atMs: fc.integer({ min: -20, max: 20 }),
    })
    fc.assert(
      fc.property(fc.array(fact, { maxLength: 40 }), (facts) => {
        const inputs = new InputWatermarks([true, true, true])
        const state = [0, 1, 2].map(() => ({ atMs: -Infinity, live: true, over: false }))
        const open = () => state.filter(({ over }) => !over)
        const times = (those: typeof state): number[] => those.map((each) => each.atMs)
        const combined = (): number => {
          if (open().length === 0) return Infinity
          const live = open().filter((each) => each.live)
          if (live.length > 0) return Math.min(...times(live))
          return Math.max(-Infinity, ...times(state.filter(({ over }) => over)))
        }
        let [nowMs, wantedMs] = [-Infinity, -Infinity]
        for (const { input, what, atMs } of facts) {
          const one = state[input]
          if (!one || one.over) continue
          if (what === 'end') one.over = true
          // What it says with the news that it is idle it knew before.
          else one.live = what !== 'idle' || atMs > one.atMs
          if (what === 'watermark' || what === 'idle') one.atMs = Math.max(one.atMs, atMs)
          wantedMs = Math.max(wantedMs, combined())
          if (what === 'idle') one.live = false
          wantedMs = Math.max(wantedMs, combined())
          const changed =
            what === 'end'
              ? inputs.end(input)
              : what === 'records'
                ? inputs.records(input)
                : inputs.watermark(input, watermark(atMs, what === 'idle'))
          if (changed) nowMs = changed.atMs
          expect(nowMs).toBe(wantedMs)
        }
      }),
    )
  })
})
