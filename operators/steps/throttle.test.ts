import { describe, expect, it } from 'vitest'
import { fakeContext } from '../testing/context.ts'
import { resolveThrottle, throttleOperator, type ThrottleOptions } from './throttle.ts'

function open(options: ThrottleOptions, parallelism = 1) {
  const passedMs: number[] = []
  const context = fakeContext({ parallelism, emit: () => void passedMs.push(context.virtual.monotonicMs()) })
  const instance = throttleOperator(resolveThrottle('t', options)).create(context)
  /** As many as come through in `ms` of virtual time. */
  const run = (ms: number): number => {
    const untilMs = context.virtual.monotonicMs() + ms
    while (context.virtual.monotonicMs() < untilMs) {
      while (context.gate.leftovers === 0) instance.onRecord('x')
      if (!context.virtual.runNext()) break
    }
    return passedMs.length
  }
  return { instance, context, run, passedMs }
}

describe('throttle', () => {
  it.each([1, 3, 1000, 40_000])('R1: lets %i a second pass, and no more', (perSecond) => {
    const { run, context } = open({ perSecond, burst: 1 })
    const seconds = 5
    const passed = run(seconds * 1000)
    const pauses = Math.max(1, (perSecond / 1000) * 10)
    expect(passed).toBeGreaterThanOrEqual(perSecond * seconds - pauses)
    expect(passed).toBeLessThanOrEqual(perSecond * seconds + 2 * pauses)
    expect(context.wakes).toBeGreaterThan(0)
  })

  it('R1: after a silence a burst passes at once', () => {
    const { passedMs, run } = open({ perSecond: 10, burst: 5 })
    run(1)
    expect(passedMs).toEqual([0, 0, 0, 0, 0])
  })

  it('R2: the tasks of the step share the rate', () => {
    const { run } = open({ perSecond: 1000, burst: 1 }, 4)
    const passed = run(10_000)
    expect(passed).toBeGreaterThan(2_450)
    expect(passed).toBeLessThan(2_550)
  })

  it('is full while it pauses; its end leaves no timer', () => {
    const { instance, context } = open({ perSecond: 1, burst: 1 })
    instance.onRecord('x')
    expect([instance.full, context.gate.leftovers]).toEqual([true, 1])
    instance.close?.()
    expect(context.virtual.runNext()).toBe(false)
  })

  it.each([
    [{ perSecond: 0 }, 'perSecond'],
    [{ perSecond: NaN }, 'perSecond'],
    [{ perSecond: Infinity }, 'perSecond'],
    [{ perSecond: 5, burst: 0 }, 'burst'],
    [{ perSecond: 5, burst: 1.5 }, 'burst'],
  ])('%j is refused', (options, named) => {
    expect(() => resolveThrottle('t', options)).toThrowError(
      expect.objectContaining({
        code: 'OPTION_ILLEGAL',
        message: expect.stringContaining(`${named} of 't'`),
      }),
    )
  })
})
