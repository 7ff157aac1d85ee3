import { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { watchChild } from './guardian.ts'

describe('watchChild', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  function watched() {
    const pipe = new EventEmitter()
    const silent = vi.fn()
    const stuck = vi.fn()
    const unwatch = watchChild(pipe as Duplex, { busyMsMax: 60_000, silent, stuck })
    /** What the guardian says for so long, while the event loop turns or does not. */
    const hear = (loop: 'turns' | 'busy', forMs: number): void => {
      for (let beats = 1; beats * 500 <= forMs; beats += 1) {
        const beat = loop === 'turns' ? { busyBeats: 0 } : { busyBeats: beats, task: 'sum[0] (sum, out)' }
        pipe.emit('data', Buffer.from(`${JSON.stringify(beat)}\n`))
        vi.advanceTimersByTime(500)
      }
    }
    return { silent, stuck, hear, unwatch }
  }

  it('lets a child live that moves, or is busy for less than a minute', () => {
    const { silent, stuck, hear, unwatch } = watched()
    hear('turns', 5_000)
    hear('busy', 55_000)
    hear('turns', 500)
    hear('busy', 55_000)
    expect([silent, stuck].flatMap(({ mock }) => mock.calls)).toEqual([])
    unwatch()
  })

  it('a child whose event loop does not turn for a minute is stuck, and in what', () => {
    const { silent, stuck, hear, unwatch } = watched()
    hear('turns', 500)
    hear('busy', 59_500)
    expect(stuck).not.toHaveBeenCalled()
    hear('busy', 60_000)
    expect(stuck.mock.calls).toEqual([['sum[0] (sum, out)']])
    expect(silent).not.toHaveBeenCalled()
    unwatch()
  })

  it('a child that says nothing for ten seconds is stopped or hung; before its first word it has a minute', () => {
    const { silent, hear, unwatch } = watched()
    vi.advanceTimersByTime(55_000)
    expect(silent).not.toHaveBeenCalled()
    hear('turns', 500)
    vi.advanceTimersByTime(9_000)
    expect(silent).not.toHaveBeenCalled()
    vi.advanceTimersByTime(2_000)
    expect(silent).toHaveBeenCalled()
    unwatch()
  })
})
