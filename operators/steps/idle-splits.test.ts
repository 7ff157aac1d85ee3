import { describe, expect, it } from 'vitest'
import { virtualTime } from '../../core/simulated/time.ts'
import { IdleSplits } from './idle-splits.ts'

function open(splits: number, idleMs = 40) {
  const time = virtualTime()
  const visits = Array.from({ length: splits }, () => 0)
  const ended = visits.map(() => false)
  let wakes = 0
  const idle = new IdleSplits({
    idleMs,
    ports: { clock: time, timers: time },
    visits,
    ended,
    wake: () => void (wakes += 1),
  })
  /** Lets `ms` pass; at each tick the task looks, at the splits too unless it cannot. */
  const pass = (ms: number, looked = true): void => {
    const untilMs = time.monotonicMs() + ms
    let over = false
    time.after(ms, () => (over = true))
    while (!over && time.monotonicMs() <= untilMs && time.runNext()) {
      if (looked) visits.forEach((count, i) => (visits[i] = count + 1))
      idle.look()
    }
  }
  const record = (split: number): void => {
    idle.records[split] = (idle.records[split] ?? 0) + 1
    idle.look()
  }
  idle.look()
  return { idle, time, visits, ended, pass, record, wakes: () => wakes }
}

describe('splits that have gone quiet', () => {
  it('are idle after idleMs without a record, and back with the next', () => {
    const { idle, pass, record, wakes } = open(2)
    pass(30)
    record(0)
    pass(20)
    expect([idle.isIdle(0), idle.isIdle(1)]).toEqual([false, true])
    pass(30)
    expect([idle.isIdle(0), wakes() > 0]).toEqual([true, true])
    record(1)
    expect([idle.isIdle(0), idle.isIdle(1)]).toEqual([true, false])
  })

  it('are not idle while nobody looked whether they have records', () => {
    const { idle, pass } = open(1)
    pass(500, false)
    expect(idle.isIdle(0)).toBe(false)
    pass(60)
    expect(idle.isIdle(0)).toBe(true)
  })

  it('a pause of the process is not theirs: it counts as two ticks', () => {
    const { idle, time, visits } = open(1)
    // The tick is due, and the task runs only 10 s later.
    time.runNext()
    time.after(10_000, () => undefined)
    time.runNext()
    visits[0] = 1
    idle.look()
    expect(idle.isIdle(0)).toBe(false)
  })

  it('nobody is woken while all are idle or ended, or after closing', () => {
    const { ended, pass, time, idle, record } = open(2)
    ended[1] = true
    pass(100)
    expect([idle.isIdle(0), time.runNext()]).toEqual([true, false])
    record(0)
    idle.close()
    expect(time.runNext()).toBe(false)
  })
})
