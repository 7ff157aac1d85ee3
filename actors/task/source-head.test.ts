import { describe, expect, it } from 'vitest'
import { silentLog } from '../../core/log.ts'
import { checkpointId, stepName } from '../../core/ids.ts'
import { MillraceError } from '../../core/errors.ts'
import type { SplitRegister } from '../../operators/operator.ts'
import { BadRecord, type Chunk, type SourceDefinition } from '../../operators/source.ts'
import { fusedLoop } from './fused-loop.ts'
import { openGate } from './gate.ts'
import { readSplitState, SourceHead } from './source-head.ts'
import { unreadSplit, type SplitState } from './split-feed.ts'
import { barrier, chunkOf, numberSource, settle, signalText } from './testing/fakes.ts'

interface Restored {
  readonly split: string
  readonly state: SplitState
}

function open(
  definition: SourceDefinition<unknown>,
  splits: readonly Restored[] = [{ split: '0', state: unreadSplit }],
  onRecord?: (record: unknown) => void,
) {
  const seen: unknown[] = []
  const gate = openGate()
  let wakes = 0
  const before: number[] = []
  const register: SplitRegister = {
    splits: splits.map(({ split }) => split),
    current: 0,
    visits: splits.map(() => 0),
    ended: splits.map(() => false),
  }
  const head = new SourceHead(
    {
      step: stepName('in'),
      definition,
      context: { step: 'in', files: undefined as never, log: silentLog },
      splits,
      register,
      wake: () => (wakes += 1),
      deadLetters: (letter) => void seen.push(letter),
      beforeBarrier: (each) => void before.push(each.checkpoint),
    },
    {
      gate,
      drain: fusedLoop([], (record) => {
        onRecord?.(record)
        seen.push(record)
      }),
    },
    {
      barrier: (each) => void seen.push(signalText(each)),
      aligning: () => undefined,
      watermark: () => undefined,
      ended: () => void seen.push('ended'),
    },
  )
  /** Works until nothing comes any more. */
  const runAll = async (max = 100): Promise<unknown[]> => {
    for (let quiet = 0; quiet < 3;) {
      await settle()
      quiet = head.work(max) > 0 ? 0 : quiet + 1
    }
    return seen.splice(0)
  }
  const states = (): unknown[] =>
    head
      .sections()
      .map(({ scope, chunks }) => [
        scope.kind === 'split' && scope.split,
        readSplitState(stepName('source'), chunks[0] ?? new Uint8Array()),
      ])
  return { head, register, seen, gate, before, runAll, states, wakes: () => wakes }
}

describe('a source’s task', () => {
  it('drains its splits in turn, a chunk each, then ends once', async () => {
    const splits = ['a', 'b'].map((split) => ({ split, state: unreadSplit }))
    const { runAll, states } = open(numberSource({ count: 4, asynchronous: true }), splits)
    expect(await runAll()).toEqual([0, 1, 2, 0, 1, 2, 3, 3, 'ended'])
    expect(await runAll()).toEqual([])
    expect(states()).toEqual(['a', 'b'].map((split) => [split, { position: 4, ended: true, records: 4 }]))
  })

  it('no split starves another: one that has nothing is passed over, one that is endless gives way', async () => {
    let release: (chunk: Chunk<number>) => void = () => undefined
    const source: SourceDefinition<number> = {
      ...numberSource({ count: 0 }),
      open: async (split) => {
        let next = 0
        const endless = (): Chunk<number> => chunkOf([next++], next)
        const silent = async (): Promise<Chunk<number>> => new Promise((resolve) => (release = resolve))
        return { read: split === 'silent' ? silent : endless, close: async () => undefined }
      },
    }
    const { head, seen, register } = open(
      source,
      ['silent', 'a', 'b'].map((split) => ({ split, state: unreadSplit })),
    )
    head.work(1)
    await settle()
    for (let i = 0; i < 6; i += 1) head.work(100)
    expect(seen.splice(0)).toEqual([0, 0, 1, 1, 2, 2])
    release(chunkOf([100]))
    await settle()
    for (let i = 0; i < 3; i += 1) head.work(100)
    expect([...seen].sort()).toEqual([100, 3, 3])
    expect(Math.max(...register.visits) - Math.min(...register.visits)).toBeLessThanOrEqual(1)
  })

  it('a chunk that the budget cut is finished before another split has its turn', async () => {
    const { head, seen } = open(
      numberSource({ count: 6 }),
      ['a', 'b'].map((split) => ({ split, state: unreadSplit })),
    )
    head.work(0)
    await settle()
    for (let i = 0; i < 6; i += 1) head.work(2)
    expect(seen).toEqual([0, 1, 2, 0, 1, 2, 3, 4, 5])
  })

  it('reads as many splits at a time as the source wants, the next when one has ended', async () => {
    const opened: string[] = []
    const source = {
      ...numberSource({ count: 4, opened: (split) => void opened.push(split) }),
      splitsAtOnce: 2,
    }
    const { head, runAll, register } = open(
      source,
      ['a', 'b', 'c'].map((split) => ({ split, state: unreadSplit })),
    )
    head.work(1)
    await settle()
    expect(opened).toEqual(['a', 'b'])
    expect(await runAll()).toEqual([0, 1, 2, 0, 1, 2, 3, 3, 0, 1, 2, 3, 'ended'])
    expect([opened, register.ended]).toEqual([
      ['a', 'b', 'c'],
      [true, true, true],
    ])
  })

  it('C10: without splits, or with ended ones only, it ends at once and opens nothing', async () => {
    const opened: unknown[] = []
    const source = numberSource({ count: 9, opened: (split) => void opened.push(split) })
    expect(await open(source, []).runAll()).toEqual(['ended'])
    const ended = { split: '0', state: { position: 9, ended: true, records: 9 } }
    const restored = open(source, [ended])
    expect(await restored.runAll()).toEqual(['ended'])
    expect([opened, restored.head.recordsRead]).toEqual([[], 9])
  })

  it('C1, S1: a triggered barrier goes before the next record; the position is behind the last one', async () => {
    const { head, seen, runAll, states, wakes, before } = open(numberSource({ count: 5 }))
    head.work(0)
    await settle()
    head.work(2)
    const woken = wakes()
    head.trigger(barrier(1))
    expect(wakes()).toBe(woken + 1)
    expect([head.work(100), states()]).toEqual([1, [['0', { position: 2, ended: false, records: 2 }]]])
    expect([seen.splice(0), before]).toEqual([[0, 1, '|1|'], [1]])
    expect(await runAll()).toEqual([2, 3, 4, 'ended'])
  })

  it('S1: restored at any of its positions, it goes on behind it', async () => {
    for (let position = 1; position <= 5; position += 1) {
      const state = { position, ended: false, records: position }
      const { runAll } = open(numberSource({ count: 5 }), [{ split: '0', state }])
      expect(await runAll()).toEqual([...[0, 1, 2, 3, 4].slice(position), 'ended'])
    }
  })

  it('C1, L6: a newer trigger replaces one that waits; one that went, or was given up, is not repeated', async () => {
    const { head, seen, runAll } = open(numberSource({ count: 1 }))
    head.trigger(barrier(2))
    head.trigger(barrier(1))
    head.trigger(barrier(3))
    head.work(1)
    head.trigger(barrier(3))
    head.trigger(barrier(2))
    expect(seen.splice(0)).toEqual(['|3|'])
    head.trigger(barrier(4))
    head.abort(checkpointId(4))
    head.trigger(barrier(4))
    expect(await runAll()).toEqual([0, 'ended'])
    head.trigger(barrier(6))
    head.abort(checkpointId(5))
    expect(await runAll()).toEqual(['|6|'])
  })

  it('C10: the final barrier waits for the end; others go after it too', async () => {
    const { head, runAll } = open(numberSource({ count: 2 }))
    head.trigger(barrier(1, true))
    expect(await runAll()).toEqual([0, 1, 'ended', '|1 final|'])
    head.trigger(barrier(2))
    expect(await runAll()).toEqual(['|2|'])
  })

  it('a stop’s barrier is the last that comes: nothing is read behind it, and no end is sent', async () => {
    const { head, runAll } = open(numberSource({ count: 5 }))
    head.work(1)
    await settle()
    head.work(2)
    head.trigger(barrier(1), true)
    expect(await runAll()).toEqual([0, 1, '|1|'])
    head.trigger(barrier(2), true)
    expect(await runAll()).toEqual(['|2|'])
  })

  it('T1: stops in a chunk when the gate closes', async () => {
    const { head, seen, gate } = open(numberSource({ count: 5 }), undefined, (record) => {
      if (record === 1) gate.leftovers = 1
    })
    head.work(1)
    await settle()
    expect([head.work(100), seen]).toEqual([2, [0, 1]])
  })

  it('bad rows go to the dead letters, in their place', async () => {
    const bad = new BadRecord(
      new MillraceError('ROW_MALFORMED', 'no number', { retry: 'record', details: { line: 2 } }),
      'x',
    )
    const source: SourceDefinition<unknown> = {
      ...numberSource({ count: 0 }),
      deadLetters: true,
      open: async () => {
        const chunks = [chunkOf([0, bad, 2]), null]
        return { read: () => chunks.shift() ?? null, close: async () => undefined }
      },
    }
    const { runAll, states } = open(source)
    expect(await runAll()).toEqual([
      0,
      { step: 'in', code: 'ROW_MALFORMED', message: 'no number', details: { line: 2 }, raw: 'x' },
      2,
      'ended',
    ])
    expect(states()).toEqual([['0', { position: 3, ended: true, records: 3 }]])
  })

  it('says which record failed, and where', async () => {
    const { head, runAll } = open(numberSource({ count: 5 }), undefined, (record) => {
      if (record === 2) throw new Error('two')
    })
    await expect(runAll()).rejects.toThrowError('two')
    expect([head.lastRecord, head.position()]).toEqual([2, "split '0', position 3"])
  })
})
