import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sliding } from './assigners.ts'
import { Slices } from './slices.ts'

const windows = fc
  .record({ sizeMs: fc.integer({ min: 1, max: 40 }), slide: fc.double({ min: 0, max: 1, noNaN: true }) })
  .chain(({ sizeMs, slide }) => {
    const slideMs = 1 + Math.floor(slide * (sizeMs - 1))
    const offsetMs = fc.integer({ min: 1 - slideMs, max: slideMs - 1 })
    return fc.record({ sizeMs: fc.constant(sizeMs), slideMs: fc.constant(slideMs), offsetMs })
  })
const times = fc.integer({ min: -300, max: 300 })

/** By going through all windows near the time. */
function windowsOf(atMs: number, { sizeMs, slideMs, offsetMs }: Parameters<typeof sliding>[0]): number[] {
  const starts: number[] = []
  for (let turn = -700; turn <= 700; turn += 1) {
    const start = (offsetMs ?? 0) + turn * slideMs
    if (start <= atMs && atMs < start + sizeMs) starts.push(start)
  }
  return starts
}

describe('slices', () => {
  it('the oldest and newest windows of a time are those that going through all finds', () => {
    fc.assert(
      fc.property(windows, times, (options, atMs) => {
        const slices = new Slices(sliding(options))
        const starts = windowsOf(atMs, options)
        expect(slices.lastWindowStart(atMs)).toBe(starts.at(-1))
        expect(slices.lastWindowEnd(atMs)).toBe((starts.at(-1) ?? NaN) + options.sizeMs)
        expect(slices.windowEndAfter(atMs)).toBe((starts[0] ?? NaN) + options.sizeMs)
      }),
    )
  })

  it('a slice holds exactly the times that are in the same windows', () => {
    fc.assert(
      fc.property(windows, times, (options, atMs) => {
        const slices = new Slices(sliding(options))
        const from = slices.startOf(atMs)
        const to = slices.endOf(from)
        expect(from <= atMs && atMs < to).toBe(true)
        const inside = Array.from({ length: to - from }, (_, i) => windowsOf(from + i, options).join())
        expect(new Set(inside).size).toBe(1)
        expect(slices.startOf(to)).toBe(to)
        expect(slices.startOf(to - 1)).toBe(from)
      }),
    )
  })

  it('a slide has one slice where it divides the size, else two', () => {
    const countIn = (sizeMs: number, slideMs: number): number => {
      const slices = new Slices(sliding({ sizeMs, slideMs }))
      return new Set(Array.from({ length: slideMs }, (_, t) => slices.startOf(t))).size
    }
    expect([countIn(60, 1), countIn(60, 30), countIn(60, 60), countIn(60, 7)]).toEqual([1, 1, 1, 2])
  })
})
