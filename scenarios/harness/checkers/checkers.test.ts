/** Each checker is silent about a right history, and notices a broken one. */
import { describe, expect, it } from 'vitest'
import type { Epoch, LinkId, TaskId } from '../../../core/ids.ts'
import type { TraceEvent, TracedElement } from '../../../core/ports/trace.ts'
import {
  checkCommitOrder,
  checkCommitted,
  checkHistory,
  checkSequence,
  CreditChecker,
  LinkCutChecker,
  isSequence,
  WatermarkChecker,
  type JournalEntry,
  type LoggedSlot,
  type WireFrame,
} from './index.ts'

const about = {
  epoch: { term: 1, attempt: 1 } as Epoch,
  link: 7 as LinkId,
  from: 'a[0]' as TaskId,
  to: 'b[0]' as TaskId,
}
const sent = (element: TracedElement, number: number): TraceEvent => ({
  kind: 'sent',
  ...about,
  element,
  number,
})
const taken = (element: TracedElement, number: number): TraceEvent => ({
  kind: 'taken',
  ...about,
  element,
  number,
})
const captured: TraceEvent = { kind: 'captured', epoch: about.epoch, task: about.to, checkpoint: 3 }
const batch: TracedElement = { kind: 'batch', count: 10 }
const barrier: TracedElement = { kind: 'barrier', checkpoint: 3 }

describe('LinkCutChecker', () => {
  const check = (events: readonly TraceEvent[], unaligned = false): readonly string[] => {
    const checker = new LinkCutChecker()
    for (const event of events) checker.observe(event)
    checker.completed({ epoch: about.epoch, id: 3, unaligned })
    return checker.check()
  }
  const aligned = [sent(batch, 10), sent(barrier, 11), sent(batch, 21), taken(batch, 10), taken(barrier, 11)]

  it('aligned: what precedes the barrier, and nothing else, is in the state', () => {
    expect(check([...aligned, captured, taken(batch, 21)])).toEqual([])
  })

  it('notices a state that was captured too early, and one that was captured too late', () => {
    expect(check([...aligned.slice(0, 3), captured])).toEqual([
      'checkpoint 3, a[0] → b[0] in epoch 1.1: 10 elements were on their way, 0 are stored',
    ])
    expect(check([...aligned, taken(batch, 21), captured])[0]).toMatch(
      /the state holds 20 elements, 10 precede/,
    )
  })

  it('C4: what was on its way is stored to the last element', () => {
    const recorded = (before: number, elements: number): readonly TraceEvent[] => [
      ...aligned.slice(0, 4),
      { kind: 'recorded', ...about, checkpoint: 3, before },
      captured,
      taken(barrier, 11),
      { kind: 'stored', ...about, checkpoint: 3, elements },
    ]
    expect(check(recorded(4, 4), true)).toEqual([])
    expect(check(recorded(4, 3), true)[0]).toMatch(/4 elements were on their way, 3 are stored/)
    expect(check(recorded(4, 5), true)[0]).toMatch(/4 elements were on their way, 5 are stored/)
    expect(check(recorded(4, 4))[0]).toMatch(/it is aligned and stores 4 elements/)
  })

  it('notices a checkpoint that is complete before all was captured', () => {
    const checker = new LinkCutChecker()
    for (const event of aligned) checker.observe(event)
    checker.completed({ epoch: about.epoch, id: 3, unaligned: false })
    checker.observe(captured)
    expect(checker.check()).toEqual([
      'checkpoint 3, a[0] → b[0] in epoch 1.1: it was complete before the state was captured',
    ])
  })

  it('notices a barrier that was never sent, one that comes late, and elements out of nothing', () => {
    expect(check([sent(batch, 10), taken(batch, 10), captured])[0]).toMatch(/no barrier was sent/)
    const late: TracedElement = { kind: 'barrier', checkpoint: 2 }
    expect(check([...aligned, captured, sent(late, 22), taken(late, 22)])[0]).toMatch(
      /barrier 2 came after 3/,
    )
    expect(check([...aligned, captured, taken(batch, 31)])[0]).toMatch(/31 elements were taken of 21 sent/)
  })
})

describe('WatermarkChecker', () => {
  const check = (times: readonly number[]): readonly string[] => {
    const checker = new WatermarkChecker()
    times.forEach((atMs, index) => checker.observe(sent({ kind: 'watermark', atMs }, index + 1)))
    return checker.check()
  }

  it('watermarks never fall', () => {
    expect(check([-5, 0, 0, 1, Infinity])).toEqual([])
    expect(check([1, 3, 2])).toEqual(['a[0] → b[0]: watermark 2 was sent after 3'])
    expect(check([1, NaN])).toHaveLength(1)
  })
})

describe('CreditChecker', () => {
  const { epoch, link } = about
  const granted = (grantedBytes: number) => ({ kind: 'answer', epoch, link, grantedBytes }) as const
  const published = (first: number, bytes: number) => ({ kind: 'batch', epoch, link, first, bytes }) as const
  const check = (...frames: readonly WireFrame[]) => {
    const checker = new CreditChecker()
    for (const frame of frames) checker.observe(frame)
    return checker.check()
  }

  it('what is sent again counts once; what goes beyond the grant is told', () => {
    const within = [granted(100), published(0, 60), published(10, 40), published(0, 60)] as const
    expect(check(...within)).toEqual([])
    expect(check(...within, granted(50), published(20, 1))).toEqual([
      'link 7 in epoch 1.1: 101 bytes were sent of 100 granted',
    ])
    expect(check(published(0, 1))).toHaveLength(1)
  })

  it('each link of each epoch has a grant of its own', () => {
    const later: Epoch = { ...epoch, attempt: 2 }
    const other = 8 as LinkId
    expect(check(granted(100), { ...published(0, 60), epoch: later })).toHaveLength(1)
    expect(check(granted(100), { ...published(0, 60), link: other }, published(0, 60))).toHaveLength(1)
  })
})

describe('checkHistory', () => {
  const checkpoint = (id: number, term = 1, attempt = 1): LoggedSlot['record'] => ({
    kind: 'checkpoint',
    id,
    final: false,
    epoch: { term, attempt },
  })
  const history = (...records: (readonly [number, LoggedSlot['record']])[]): readonly LoggedSlot[] =>
    records.map(([term, record], slot) => ({ term, slot, record }))
  const claimed = { kind: 'claimed' } as const
  const sealed = { kind: 'sealed' } as const

  it('is silent about a takeover', () => {
    const right = history([1, claimed], [1, checkpoint(1)], [1, sealed], [2, claimed], [2, checkpoint(2, 2)])
    expect(checkHistory(right)).toEqual([])
    expect(checkHistory(history([1, claimed], [1, sealed], [1, sealed], [2, claimed]))).toEqual([])
  })

  it('notices what is written behind a seal, twice, out of order, by a stale epoch, or too early', () => {
    const told = (...records: (readonly [number, LoggedSlot['record']])[]): string =>
      checkHistory(history(...records)).join()
    expect(told([1, sealed], [1, checkpoint(1)])).toMatch(/slot 1\/1: checkpoint stands behind the seal/)
    expect(told([1, checkpoint(2)], [1, checkpoint(2)])).toMatch(/checkpoint 2 stands behind 2/)
    expect(told([1, checkpoint(2, 1, 2)], [1, checkpoint(3, 1, 1)])).toMatch(/of the stale epoch 1\.1/)
    expect(told([1, checkpoint(1, 2)])).toMatch(/of the stale epoch 2\.1/)
    expect(told([1, checkpoint(1)], [1, { kind: 'finished', checkpoint: 1 }])).toMatch(/no complete final/)
  })
})

describe('checkSequence', () => {
  const last = new Map([
    ['a', 3],
    ['b', 1],
  ])
  const found = (...numbers: readonly number[]) => [
    { key: 'b', number: 1 },
    ...numbers.map((number) => ({ key: 'a', number })),
  ]

  it('counts lost, doubled, phantom and late records, each for itself', () => {
    expect(isSequence(checkSequence(found(1, 2, 3), last))).toBe(true)
    expect(checkSequence(found(1, 3), last)).toMatchObject({ lost: 1, outOfOrder: 0 })
    expect(checkSequence(found(1, 2, 2), last)).toMatchObject({ lost: 1, duplicated: 1 })
    expect(checkSequence(found(1, 2, 3, 4, 0, 1.5), last)).toMatchObject({ lost: 0, phantom: 3 })
    expect(checkSequence(found(1, 3, 2), last)).toMatchObject({ lost: 0, outOfOrder: 1 })
    expect(checkSequence([{ key: 'c', number: 1 }], last)).toMatchObject({ lost: 4, phantom: 1 })
  })
})

describe('commits', () => {
  const linked = (path: string): JournalEntry => ({ kind: 'linked', path })
  const slot = (n: number): string => `/store/log/1/${n}`
  const complete = (n: number): JournalEntry => ({ kind: 'completed', path: slot(n), checkpoint: n })
  const part = (n: number): string => `/out/part-0-${n}.jsonl`
  const commit = (n: number): JournalEntry => linked(part(n))
  const powerLost = (...paths: readonly string[]): JournalEntry => ({
    kind: 'power lost',
    paths: new Set(paths),
  })
  const told = (...journal: readonly JournalEntry[]): string => checkCommitOrder(journal).join()

  it('checkCommitOrder: a commit follows its manifest, once, in order', () => {
    expect(told(linked(slot(0)), complete(4), commit(4), complete(5), commit(5))).toBe('')
    expect(told(complete(4), complete(5), commit(3), commit(5))).toBe('')
    expect(told(commit(4), complete(4))).toMatch(/committed, and only 0 was complete/)
    expect(told(complete(4), commit(4), commit(4))).toMatch(/committed twice/)
    expect(told(complete(4), complete(5), commit(5), commit(4))).toMatch(/committed after checkpoint 5/)
  })

  it('checkCommitOrder: a power failure may take what was not synced, never a manifest before its output', () => {
    expect(told(complete(4), commit(4), powerLost(slot(4)), commit(4))).toBe('')
    expect(told(complete(4), commit(4), powerLost(slot(4), part(4)), commit(4))).toMatch(/committed twice/)
    expect(told(complete(4), commit(4), powerLost(part(4)))).toMatch(
      /visible after a power failure, and only 0/,
    )
    expect(told(complete(4), powerLost(), commit(4))).toMatch(/committed, and only 0 was complete/)
  })

  it('checkCommitted: nothing is visible above the newest complete checkpoint', () => {
    expect(checkCommitted(['part-0-4.jsonl', 'part-1-5.jsonl'], 5)).toEqual([])
    expect(checkCommitted(['part-0-6.jsonl'], 5)[0]).toMatch(/only 5 is complete/)
    expect(checkCommitted(['part-x.jsonl'], 5)).toHaveLength(1)
  })
})
