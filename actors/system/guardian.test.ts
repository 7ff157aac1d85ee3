import { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { watchChild } from './guardian.ts'

describe('watchChild', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  function watched() {
    const pipe = new EventEmitter()
    const hung = vi.fn()
    const unwatch = watchChild(pipe as Duplex, hung)
    const hear = (word: string, forMs: number): void => {
      for (let ms = 0; ms < forMs; ms += 500) {
        pipe.emit('data', Buffer.from(word))
        vi.advanceTimersByTime(500)
      }
    }
    return { hung, hear, unwatch }
  }

  it('lets a child live that moves, or is busy for less than a minute', () => {
    const { hung, hear, unwatch } = watched()
    hear('a', 5_000)
    hear('b', 55_000)
    hear('ba', 500)
    hear('b', 55_000)
    expect(hung).not.toHaveBeenCalled()
    unwatch()
  })

  it('a child whose event loop does not turn for a minute is in an endless loop', () => {
    const { hung, hear, unwatch } = watched()
    hear('a', 500)
    hear('b', 59_000)
    expect(hung).not.toHaveBeenCalled()
    hear('b', 2_500)
    expect(hung).toHaveBeenCalled()
    unwatch()
  })

  it('a child that says nothing for ten seconds is stopped or hung; before its first word it has a minute', () => {
    const { hung, hear, unwatch } = watched()
    vi.advanceTimersByTime(55_000)
    expect(hung).not.toHaveBeenCalled()
    hear('a', 500)
    vi.advanceTimersByTime(9_000)
    expect(hung).not.toHaveBeenCalled()
    vi.advanceTimersByTime(2_000)
    expect(hung).toHaveBeenCalled()
    unwatch()
  })
})
