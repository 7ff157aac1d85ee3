import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { HangWatch } from './hang-watch.ts'

let cpuMs: number
let watch: HangWatch
beforeEach(() => {
  cpuMs = 1_000
  watch = new HangWatch({ cpuMsMax: 100, cpuMs: () => cpuMs })
})

class Thread {
  readonly at = new BigInt64Array(new SharedArrayBuffer(8))
  hung = 0
  readonly end = watch.watch(this.at, () => (this.hung += 1))

  constructor() {
    onTestFinished(this.end)
  }

  next(): void {
    this.at[0]! += 1n
  }
}

/** The process was given so much, and is looked at. */
function spend(ms: number): void {
  cpuMs += ms
  watch.sample()
}

describe('HangWatch', () => {
  it('a case that had its processor time and did not end hangs, and is told once', () => {
    const thread = new Thread()
    spend(60)
    expect(thread.hung).toBe(0)
    spend(60)
    spend(500)
    expect(thread.hung).toBe(1)
  })

  it('a thread that gets no processor time does not hang, however long it takes', () => {
    const thread = new Thread()
    for (let times = 0; times < 1_000; times += 1) spend(0)
    expect(thread.hung).toBe(0)
  })

  it('a thread that comes from case to case does not hang, however long its share takes', () => {
    const thread = new Thread()
    for (let times = 0; times < 100; times += 1) {
      spend(90)
      thread.next()
    }
    expect(thread.hung).toBe(0)
  })

  it('time is shared among those that work: the one that stands still is the one that hangs', () => {
    const [busy, stuck] = [new Thread(), new Thread()]
    const work = (): void => {
      busy.next()
      spend(50)
    }
    for (let times = 0; times < 3; times += 1) work()
    expect(stuck.hung).toBe(0)
    for (let times = 0; times < 2; times += 1) work()
    expect([busy.hung, stuck.hung]).toEqual([0, 1])
    busy.end()
    spend(1_000)
    expect(busy.hung).toBe(0)
  })
})
