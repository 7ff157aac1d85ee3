import { describe, expect, it } from 'vitest'
import { virtualTime } from '../../core/simulated/time.ts'
import { Scheduler, type Tasklet } from './scheduler.ts'

/** A clock that each step moves, as work does. */
function workshop(stepMs = 0, sliceMs = 4) {
  const time = virtualTime()
  let workedMs = 0
  const log: string[] = []
  const scheduler = new Scheduler({
    clock: { monotonicMs: () => workedMs, wallMs: () => workedMs },
    timers: time,
    sliceMs,
    budget: 10,
  })
  const tasklet = (name: string, results: ReturnType<Tasklet['step']>[], each?: () => void): Tasklet => ({
    step: (budget) => {
      workedMs += stepMs
      log.push(name)
      expect(budget).toBe(10)
      each?.()
      return results.shift() ?? 'idle'
    },
  })
  return { time, log, scheduler, tasklet }
}
const busy = (steps: number): ReturnType<Tasklet['step']>[] => Array<'progress'>(steps).fill('progress')

describe('the scheduler', () => {
  it('is fair: whoever made progress goes behind the others', () => {
    const { time, log, scheduler, tasklet } = workshop()
    scheduler.add(tasklet('a', busy(3)))
    scheduler.add(tasklet('b', busy(1)))
    scheduler.add(tasklet('c', busy(2)))
    while (time.runNext());
    expect(log.join('')).toBe('abcabcaca')
  })

  it('calls who is idle, blocked or done only after a wake, and once for several', () => {
    const { time, log, scheduler, tasklet } = workshop()
    const blocked = tasklet('x', ['blocked', 'idle', 'done'])
    scheduler.add(blocked)
    for (const wakes of [0, 1, 3]) {
      for (let i = 0; i < wakes; i += 1) scheduler.wake(blocked)
      while (time.runNext());
    }
    expect(log).toEqual(['x', 'x', 'x'])
  })

  it('a wake during its own step is not lost, whatever the step answers', () => {
    const { time, log, scheduler, tasklet } = workshop()
    let wakes = 2
    const self: Tasklet = tasklet('x', ['idle', 'progress', 'idle'], () => {
      if ((wakes -= 1) >= 0) scheduler.wake(self)
    })
    scheduler.add(self)
    while (time.runNext());
    expect(log).toHaveLength(3)
  })

  it('gives the event loop its turn after a slice, also in the middle of a round, and goes on where it was', () => {
    const { time, log, scheduler, tasklet } = workshop(1, 4)
    for (const name of 'abcdef') scheduler.add(tasklet(name, busy(1)))
    time.runNext()
    expect(log.join('')).toBe('abcd')
    time.soon(() => log.push('|'))
    while (time.runNext());
    expect(log.join('')).toBe('abcdefab|cdef')
  })

  it('yields in virtual time too, where no clock moves while it runs', () => {
    const { time, log, scheduler } = workshop()
    scheduler.add({ step: () => (log.length < 100_000 && log.push('x'), 'progress') })
    let heartbeats = 0
    const beat = (): void => void time.soon(() => ((heartbeats += 1), beat()))
    beat()
    for (let i = 0; i < 100; i += 1) time.runNext()
    expect(heartbeats).toBe(50)
    expect(log.length).toBeLessThan(100_000)
  })

  it('forgets who was removed, also while queued or running', () => {
    const { time, log, scheduler, tasklet } = workshop()
    const queued = tasklet('q', busy(1))
    const running: Tasklet = tasklet('r', busy(9), () => scheduler.remove(running))
    scheduler.add(running)
    scheduler.add(queued)
    scheduler.remove(queued)
    while (time.runNext());
    scheduler.wake(queued)
    scheduler.wake(running)
    expect([log, time.runNext()]).toEqual([['r'], false])
  })

  it('a tasklet that throws is loud, and the others go on', () => {
    const { time, log, scheduler, tasklet } = workshop()
    scheduler.add({
      step: () => {
        throw new Error('broken')
      },
    })
    scheduler.add(tasklet('a', busy(1)))
    expect(() => time.runNext()).toThrowError('broken')
    while (time.runNext());
    expect(log).toEqual(['a', 'a'])
  })
})
