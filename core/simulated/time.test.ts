import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { virtualTime } from './time.ts'

const runAll = (time: { runNext(): boolean }): void => {
  while (time.runNext());
}

describe('virtual time', () => {
  it('stands still while anything is left to run, then jumps to the next timer', () => {
    const time = virtualTime(1_000)
    const seen: string[] = []
    const note = (what: string) => () => seen.push(`${what}@${time.monotonicMs()}`)
    time.after(10, note('late'))
    time.after(5, () => {
      note('early')()
      time.soon(note('soon'))
      time.after(0, note('at once'))
    })
    time.soon(note('first'))
    runAll(time)
    expect(seen).toEqual(['first@0', 'early@5', 'soon@5', 'at once@5', 'late@10'])
    expect([time.monotonicMs(), time.wallMs()]).toEqual([10, 1_010])
  })

  it('runs timers by time, and those of one time in the order they were set', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5 })), (delays) => {
        const time = virtualTime()
        const ran: [number, number][] = []
        delays.forEach((delay, i) => time.after(delay, () => ran.push([time.monotonicMs(), i])))
        runAll(time)
        const expected = delays
          .map((delay, i): [number, number] => [delay, i])
          .sort((a, b) => a[0] - b[0] || a[1] - b[1])
        expect(ran).toEqual(expected)
      }),
    )
  })

  it('a cancelled timer never runs, and cancelling again changes nothing', () => {
    const time = virtualTime()
    const ran: string[] = []
    const cancel = time.after(1, () => ran.push('cancelled'))
    time.after(1, () => ran.push('kept'))
    cancel()
    cancel()
    runAll(time)
    expect(ran).toEqual(['kept'])
    expect(time.runNext()).toBe(false)
  })

  it('runs what is left, in order, however many timers are set and cancelled meanwhile', () => {
    const action = fc.record({ delayMs: fc.integer({ min: 0, max: 9 }), cancels: fc.option(fc.nat(200)) })
    fc.assert(
      fc.property(fc.array(action, { minLength: 50, maxLength: 200 }), (actions) => {
        const time = virtualTime()
        const set: { atMs: number; cancel: () => void; cancelled: boolean }[] = []
        const ran: number[] = []
        actions.forEach(({ delayMs, cancels }, i) => {
          const cancel = time.after(delayMs, () => ran.push(i))
          set.push({ atMs: time.monotonicMs() + delayMs, cancel, cancelled: false })
          const other = cancels === null ? undefined : set[cancels]
          if (!other || ran.includes(cancels ?? -1)) return
          other.cancel()
          other.cancelled = true
          if (i % 7 === 0) time.runNext()
        })
        runAll(time)
        const kept = set.flatMap(({ cancelled }, i) => (cancelled ? [] : [i]))
        expect([...ran].sort((a, b) => a - b)).toEqual(kept)
        // What ran after everything was set ran by time, then by order.
        const atMs = ran.map((i) => set[i]?.atMs ?? 0)
        expect(atMs).toEqual([...atMs].sort((a, b) => a - b))
      }),
    )
  })

  it('the wall clock may jump: timers and durations do not notice', () => {
    const time = virtualTime(5_000)
    const seen: number[] = []
    time.after(10, () => seen.push(time.monotonicMs(), time.wallMs()))
    time.jumpWall(-3_600_000)
    runAll(time)
    expect(seen).toEqual([10, 5_010 - 3_600_000])
  })

  it('a delay below 0 is 0', () => {
    const time = virtualTime()
    time.after(-5, () => undefined)
    runAll(time)
    expect(time.monotonicMs()).toBe(0)
  })
})
