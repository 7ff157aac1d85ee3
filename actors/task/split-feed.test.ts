import { describe, expect, it } from 'vitest'
import type { Chunk, SplitReader } from '../../operators/source.ts'
import { SplitFeed, unreadSplit, type SplitState } from './split-feed.ts'
import { chunkOf, settle } from './testing/fakes.ts'

type Answer = Chunk<unknown> | null | Promise<Chunk<unknown> | null> | Error

/** A reader of given answers; an Error is thrown. */
function open(answers: readonly Answer[], state: SplitState = unreadSplit) {
  const left = [...answers]
  const log: unknown[] = []
  const reader: SplitReader<unknown> = {
    read() {
      log.push('read')
      const answer = left.shift()
      if (answer === undefined) throw new Error('read after the end')
      if (answer instanceof Error) throw answer
      return answer
    },
    close: async () => void log.push('closed'),
  }
  let wakes = 0
  const feed = new SplitFeed({
    split: 's',
    state,
    open: async (position) => {
      log.push(`opened at ${String(position)}`)
      return reader
    },
    wake: () => (wakes += 1),
  })
  /** Drains everything that is there; the records. */
  const drain = (): unknown[] => {
    const out: unknown[] = []
    while (feed.fill()) out.push(feed.records[feed.cursor.index++])
    return out
  }
  return { feed, log, drain, wakes: () => wakes }
}

describe('a split that is read', () => {
  it('is opened when first asked, and read chunk by chunk to its end', async () => {
    const { feed, log, drain, wakes } = open([chunkOf([0, 1]), chunkOf([2], 2), null])
    expect(log).toEqual([])
    expect([drain(), wakes()]).toEqual([[], 0])
    await settle()
    expect([wakes(), drain(), feed.ended]).toEqual([1, [0, 1, 2], true])
    expect(log).toEqual(['opened at null', 'read', 'read', 'read'])
    expect([drain(), feed.fill()]).toEqual([[], false])
  })

  it('reads one chunk ahead of a reader that takes its time, and no more', async () => {
    const { feed, log, drain } = open([
      Promise.resolve(chunkOf([0])),
      Promise.resolve(chunkOf([1], 1)),
      Promise.resolve(null),
    ])
    feed.fill()
    await settle()
    expect(feed.fill()).toBe(true)
    await settle()
    expect(log.filter((each) => each === 'read')).toHaveLength(2)
    expect(drain()).toEqual([0, 1])
    await settle()
    expect([drain(), feed.ended]).toEqual([[], true])
  })

  it('asks a reader that answers at once only when its records are needed', async () => {
    const { feed, log } = open([chunkOf([0]), chunkOf([1], 1), chunkOf([2], 2), null])
    feed.fill()
    await settle()
    for (let record = 0; record < 2; record += 1) {
      expect(feed.fill()).toBe(true)
      feed.cursor.index += 1
    }
    expect(log.filter((each) => each === 'read')).toHaveLength(2)
  })

  it('S1: its state is the position behind the last record taken, whatever was read ahead', async () => {
    const { feed } = open([chunkOf([0, 1, 2]), chunkOf([3], 3), null])
    expect(feed.state()).toEqual({ position: null, ended: false, records: 0 })
    feed.fill()
    await settle()
    const states: unknown[] = []
    while (feed.fill()) {
      feed.cursor.index += 1
      states.push(feed.state())
    }
    expect(states).toEqual([1, 2, 3, 4].map((n) => ({ position: n, ended: false, records: n })))
    expect(feed.state()).toEqual({ position: 4, ended: true, records: 4 })
  })

  it('S1: goes on from a restored position, and counts on', async () => {
    const { feed, log, drain } = open([chunkOf([5], 5), null], { position: 5, ended: false, records: 5 })
    expect(feed.state()).toEqual({ position: 5, ended: false, records: 5 })
    feed.fill()
    await settle()
    expect([drain(), log[0], feed.recordsRead]).toEqual([[5], 'opened at 5', 6])
  })

  it('C10: one that ended is not opened again', () => {
    const { feed, log } = open([], { position: 9, ended: true, records: 9 })
    expect([feed.fill(), feed.ended, log]).toEqual([false, true, []])
    expect(feed.state()).toEqual({ position: 9, ended: true, records: 9 })
  })

  it('empty chunks are passed over', async () => {
    const { feed, drain } = open([chunkOf([]), chunkOf([]), chunkOf([0]), chunkOf([]), null])
    feed.fill()
    await settle()
    expect([drain(), feed.ended, feed.state().position]).toEqual([[0], true, 1])
  })

  const broken = new Error('broken')
  it.each<[string, () => Answer]>([
    ['throws', () => broken],
    ['rejects', () => Promise.reject(broken)],
  ])('an error that a read %s comes when all before it was drained', async (_, answer) => {
    const rejected = answer()
    if (rejected instanceof Promise) rejected.catch(() => undefined)
    const { feed } = open([Promise.resolve(chunkOf([0, 1])), rejected])
    feed.fill()
    await settle()
    const out: unknown[] = []
    const drainAll = (): void => {
      while (feed.fill()) out.push(feed.records[feed.cursor.index++])
    }
    for (const _turn of [1, 2]) {
      try {
        drainAll()
      } catch (error) {
        expect(error).toBe(broken)
        out.push('error')
      }
      await settle()
    }
    expect(out.slice(0, 3)).toEqual([0, 1, 'error'])
  })

  it('an error of opening comes out of fill', async () => {
    const feed = new SplitFeed({
      split: 's',
      state: unreadSplit,
      open: async () => Promise.reject(broken),
      wake: () => undefined,
    })
    feed.fill()
    await settle()
    expect(() => feed.fill()).toThrowError(broken)
  })

  it('closed while it opens, the reader is closed and nobody is woken', async () => {
    const { feed, log, wakes } = open([chunkOf([0])])
    feed.fill()
    await feed.close()
    await settle()
    expect([log, wakes()]).toEqual([['opened at null', 'closed'], 0])
  })
})
