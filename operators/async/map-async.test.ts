import { describe, expect, it } from 'vitest'
import { MillraceError } from '../../core/errors.ts'
import type { ErrorPolicy } from '../operator.ts'
import { fakeContext } from '../testing/context.ts'
import type { AsyncCallContext, AsyncFn } from './call.ts'
import { mapAsyncOperator } from './map-async.ts'
import { resolveAsync, type MapAsyncOptions } from './options.ts'

const settle = async (): Promise<void> => {
  for (let i = 0; i < 10; i += 1) await Promise.resolve()
}

interface Call {
  readonly record: number
  readonly context: AsyncCallContext
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

/** A step whose calls the test answers. */
function open(options: MapAsyncOptions = {}, onError: ErrorPolicy = 'fail', lane?: () => string | number) {
  const calls: Call[] = []
  const fn: AsyncFn<unknown> = (record: number, context) =>
    new Promise((resolve, reject) => calls.push({ record, context, resolve, reject }))
  const definition = mapAsyncOperator(fn, resolveAsync('s', options), onError)
  const out: unknown[] = []
  const context = fakeContext({
    emit: (row) => void out.push(row),
    emitTo: (output, row) => void out.push([output, row]),
    ...(lane && { lane }),
  })
  const instance = definition.create(context)
  const answer = async (record: number, result: unknown = `r${record}`): Promise<void> => {
    const call = calls.findLast((each) => each.record === record)
    if (result instanceof Error) call?.reject(result)
    else call?.resolve(result)
    await settle()
  }
  const pull = (): unknown[] => {
    while (instance.pull?.() === true);
    return out.splice(0)
  }
  const put = (record: number, atMs = NaN): void => {
    context.time.recordMs = atMs
    instance.onRecord(record)
  }
  return { instance, context, calls, answer, pull, put, called: () => calls.map(({ record }) => record) }
}

describe('mapAsync', () => {
  it('A1: results leave in pulls, ordered as the records came; a completion wakes the task', async () => {
    const { put, answer, pull, context } = open()
    for (const n of [1, 2, 3]) put(n)
    await answer(2)
    expect([pull(), context.wakes]).toEqual([[], 1])
    await answer(1)
    expect(pull()).toEqual(['r1', 'r2'])
    await answer(3)
    expect(pull()).toEqual(['r3'])
  })

  it('unordered, results leave as they are ready', async () => {
    const { put, answer, pull } = open({ ordered: false })
    for (const n of [1, 2]) put(n)
    await answer(2)
    expect(pull()).toEqual(['r2'])
  })

  it('A1: at inFlightMax the gate closes; a result that left opens it', async () => {
    const { put, answer, pull, context, instance } = open({ inFlightMax: 2 })
    put(1)
    expect([context.gate.leftovers, instance.full]).toEqual([0, false])
    put(2)
    expect([context.gate.leftovers, instance.full]).toEqual([1, true])
    await answer(1)
    expect(context.gate.leftovers).toBe(1)
    pull()
    expect([context.gate.leftovers, instance.full]).toEqual([0, false])
  })

  it('A2: what has not left is in the snapshot, and called for again before anything new', async () => {
    const first = open({ inFlightMax: 10 })
    for (const n of [1, 2, 3]) first.put(n, n * 10)
    await first.answer(1)
    await first.answer(3)
    first.pull()
    const sections = first.instance.unkeyed?.snapshot() ?? []
    const second = open({ inFlightMax: 10 })
    second.instance.unkeyed?.restore(sections)
    expect([second.called(), second.context.gate.leftovers]).toEqual([[], 1])
    second.pull()
    expect([second.called(), second.context.gate.leftovers]).toEqual([[2, 3], 0])
    second.put(4, 40)
    for (const n of [4, 3, 2]) await second.answer(n)
    expect(second.pull()).toEqual(['r2', 'r3', 'r4'])
    expect(second.context.emittedMs).toEqual([20, 30, 40])
  })

  it('A2: restored records beyond inFlightMax wait; nothing new comes in before them', async () => {
    const { instance, pull, called, answer, context } = open({ inFlightMax: 2 })
    const stored = (...records: number[]) => ({
      scope: { kind: 'list' as const },
      value: records.map((record) => [record, null]),
    })
    instance.unkeyed?.restore([stored(1, 2, 3), stored(4)])
    pull()
    expect(called()).toEqual([1, 2])
    await answer(1)
    pull()
    await answer(2)
    pull()
    pull()
    expect([called(), context.gate.leftovers]).toEqual([[1, 2, 3, 4], 1])
    await answer(3)
    await answer(4)
    expect([pull(), context.gate.leftovers, instance.busy]).toEqual([['r3', 'r4'], 0, false])
  })

  it('A2: where lanes are known, each record goes with its own, and those that left say theirs', async () => {
    let lane: number | string = 3
    const first = open({}, 'fail', () => lane)
    first.put(1)
    lane = 'split'
    first.put(2)
    lane = 5
    expect(first.instance.unkeyed?.snapshot()).toEqual([
      {
        scope: { kind: 'lanes' },
        value: [
          [3, [1, null]],
          ['split', [2, null]],
        ],
      },
    ])
    await first.answer(1)
    first.pull()
    expect(first.instance.lane).toBe(3)
    const second = open()
    second.instance.unkeyed?.restore(first.instance.unkeyed?.snapshot() ?? [])
    second.pull()
    await second.answer(2)
    expect([second.pull(), second.instance.lane]).toEqual([['r2'], 'split'])
  })

  it('a snapshot without records under way holds nothing', () => {
    expect(open().instance.unkeyed?.snapshot()).toEqual([])
  })

  it('A3: a watermark waits for what came before it, and so does the end', async () => {
    const { put, answer, pull, instance } = open()
    expect(instance.watermarkOut?.(5, true)).toEqual({ atMs: 5, idle: true })
    put(1, 7)
    expect(instance.watermarkOut?.(9, true)).toEqual({ atMs: 5, idle: false })
    put(2, 11)
    await answer(1)
    pull()
    expect(instance.watermarkOut?.(9, false)).toEqual({ atMs: 9, idle: false })
    expect(instance.busy).toBe(true)
    await answer(2)
    pull()
    expect(instance.busy).toBe(false)
  })

  it('a failed call fails the task, with the step and the record, when its turn comes', async () => {
    const { put, answer, pull } = open()
    put(1)
    put(2)
    await answer(2, new Error('no such user'))
    expect(pull()).toEqual([])
    await answer(1)
    expect(() => pull()).toThrowError(
      expect.objectContaining({
        code: 'OPERATOR_THREW',
        details: { step: 's', raw: '2' },
        message: expect.stringContaining('no such user'),
      }),
    )
  })

  it('P1: under skip and dead-letter the record is set aside, in its place', async () => {
    for (const policy of ['skip', 'dead-letter'] as const) {
      const { put, answer, pull } = open({}, policy)
      for (const n of [1, 2, 3]) put(n)
      await answer(2, new Error('no'))
      await answer(1)
      await answer(3)
      const letter = [
        'dead-letters',
        expect.objectContaining({ step: 's', raw: '2', code: 'OPERATOR_THREW' }),
      ]
      expect(pull()).toEqual(policy === 'skip' ? ['r1', 'r3'] : ['r1', letter, 'r3'])
    }
  })

  it('P1: a fatal error fails the task under every policy', async () => {
    const { put, answer, pull } = open({}, 'skip')
    put(1)
    await answer(1, new MillraceError('NO_ACCOUNT', 'no account', { retry: 'fatal' }))
    expect(() => pull()).toThrowError(expect.objectContaining({ code: 'NO_ACCOUNT', retry: 'fatal' }))
  })

  it('the end of the task aborts what is under way', () => {
    const { put, calls, instance } = open()
    put(1)
    instance.close?.()
    expect(calls[0]?.context.signal.reason).toMatchObject({ code: 'ASYNC_ABORTED' })
  })
})
