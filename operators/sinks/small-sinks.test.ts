import { describe, expect, it } from 'vitest'
import { simulatedFiles } from '../../core/simulated/files.ts'
import { virtualTime } from '../../core/simulated/time.ts'
import { collect } from './collect.ts'
import { toConsole } from './console.ts'
import { toFunction } from './function.ts'
import { checkpoint, prepareContext, sinkContext } from './testing/contexts.ts'

const files = simulatedFiles()

describe('collect', () => {
  const opened = (
    sink: ReturnType<typeof collect<number>>,
    taskIndex: number,
  ): ReturnType<typeof sink.open> =>
    sink.open(
      sinkContext(files, {
        taskIndex,
        deliver: async (id, bytes) => sink.accept(`collect[${taskIndex}]`, id, bytes),
      }),
    )

  it('V1: values are visible on commit, once', async () => {
    const sink = collect<number>()
    const writer = await opened(sink, 0)
    for (let n = 0; n < 1000; n += 1) writer.write(n)
    const handle = structuredClone(await writer.barrier(checkpoint(1)))
    expect(sink.values).toEqual([])
    expect(await sink.lastCommitted?.(prepareContext(files))).toBeNull()
    await writer.commit([handle])
    await writer.commit([handle])
    expect(sink.values).toEqual(Array.from({ length: 1000 }, (_, n) => n))
    expect(await sink.lastCommitted?.(prepareContext(files))).toBe(1)
    expect(await writer.barrier(checkpoint(2))).toBeNull()
  })

  it('V1: a task may commit what others staged', async () => {
    const sink = collect<number>()
    const [first, second] = [await opened(sink, 0), await opened(sink, 1)]
    first.write(1)
    second.write(2)
    const handles = [await first.barrier(checkpoint(1)), await second.barrier(checkpoint(1))]
    await first.commit(handles)
    await second.commit(handles)
    expect(sink.values).toEqual([1, 2])
  })

  it('V2: keeps bytes', async () => {
    const sink = collect<{ n: number }>()
    const writer = await sink.open(
      sinkContext(files, { deliver: async (id, bytes) => sink.accept('t', id, bytes) }),
    )
    const record = { n: 1 }
    writer.write(record)
    const handle = await writer.barrier(checkpoint(1))
    record.n = 2
    await writer.commit([handle])
    expect(sink.values).toEqual([{ n: 1 }])
  })

  it('begins empty when the job starts afresh, and goes on otherwise', async () => {
    const sink = collect<number>()
    const writer = await opened(sink, 0)
    writer.write(1)
    await writer.commit([await writer.barrier(checkpoint(1))])
    await sink.prepare?.(prepareContext(files, { restored: 1 }))
    expect(sink.values).toEqual([1])
    await sink.prepare?.(prepareContext(files))
    expect(sink.values).toEqual([])
  })

  it('refuses what is not plain data, at the latest at the barrier', async () => {
    const writer = await collect<unknown>().open(sinkContext(files))
    writer.write(() => 1)
    await expect(writer.barrier(checkpoint(1))).rejects.toMatchObject({
      code: 'VALUE_UNSUPPORTED',
      retry: 'record',
    })
    await expect(writer.commit([{}])).rejects.toMatchObject({ code: 'HANDLE_ILLEGAL' })
  })
})

describe('toConsole', () => {
  it('writes one line a record, strings as they are', async () => {
    const lines: string[] = []
    const time = virtualTime()
    const writer = await toConsole({ write: (line) => void lines.push(line) }).open(
      sinkContext(files, { time }),
    )
    for (const record of ['text', { a: 1n, m: new Map([['k', NaN]]), s: new Set([1]) }, undefined, null, 5])
      writer.write(record)
    expect(lines).toEqual([])
    time.runNext()
    expect(lines).toEqual(['text', '{"a":"1n","m":{"k":"NaN"},"s":[1]}', 'undefined', 'null', '5'])
  })

  it('a barrier has everything written; a failing write fails the task', async () => {
    const lines: string[] = []
    let broken = false
    const write = (line: string): void => {
      if (broken) throw new Error('EPIPE')
      lines.push(line)
    }
    const writer = await toConsole({ write }).open(sinkContext(files))
    writer.write('a')
    expect(await writer.barrier(checkpoint(1))).toBeNull()
    expect(lines).toEqual(['a'])
    broken = true
    writer.write('b')
    await expect(writer.barrier(checkpoint(2))).rejects.toMatchObject({
      code: 'CONSOLE_FAILED',
      retry: 'retry',
    })
    expect(() => writer.write('c')).toThrow(/EPIPE/)
    await writer.close()
  })
})

describe('toFunction', () => {
  it('U1: calls with batches in order, one at a time', async () => {
    const time = virtualTime()
    const calls: number[][] = []
    let underWay = 0
    const fn = async (records: readonly number[]): Promise<void> => {
      expect((underWay += 1)).toBe(1)
      calls.push([...records])
      await Promise.resolve()
      underWay -= 1
    }
    const writer = await toFunction(fn, { batchMax: 2 }).open(sinkContext(files, { time }))
    for (const n of [1, 2, 3, 4, 5]) writer.write(n)
    expect(calls).toEqual([])
    const barrier = writer.barrier(checkpoint(1))
    time.runNext()
    writer.write(6)
    expect(await barrier).toBeNull()
    expect(calls.flat().slice(0, 5)).toEqual([1, 2, 3, 4, 5])
    await writer.barrier(checkpoint(2))
    expect(calls).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ])
  })

  it('U2: a barrier waits only for what was written before it', async () => {
    const time = virtualTime()
    const settle: (() => void)[] = []
    const fn = (): Promise<void> => new Promise((resolve) => settle.push(resolve))
    const writer = await toFunction<number>(fn, { batchMax: 1 }).open(sinkContext(files, { time }))
    writer.write(1)
    let passed = false
    const barrier = writer.barrier(checkpoint(1)).then(() => (passed = true))
    time.runNext()
    writer.write(2)
    await new Promise((resolve) => setImmediate(resolve))
    expect(passed).toBe(false)
    settle.shift()?.()
    await barrier
    expect(settle).toHaveLength(1)
  })

  it('U3: a rejection fails the task and ends delivery', async () => {
    const time = virtualTime()
    let calls = 0
    let woken = 0
    const fn = async (): Promise<void> => {
      calls += 1
      throw new Error('no database')
    }
    const writer = await toFunction(fn, { batchMax: 1 }).open(
      sinkContext(files, { time, wake: () => (woken += 1) }),
    )
    writer.write(1)
    writer.write(2)
    const barrier = writer.barrier(checkpoint(1))
    time.runNext()
    await expect(barrier).rejects.toMatchObject({
      code: 'FUNCTION_FAILED',
      retry: 'retry',
      message: "the sink's function failed: no database",
    })
    expect(() => writer.write(3)).toThrow(/no database/)
    expect([calls, woken]).toEqual([1, 1])
  })

  it('is full at four batches, and says when it is not', async () => {
    const time = virtualTime()
    let woken = 0
    const writer = await toFunction<number>(() => undefined, { batchMax: 2 }).open(
      sinkContext(files, { time, wake: () => (woken += 1) }),
    )
    for (let n = 0; n < 8; n += 1) {
      expect(writer.full).toBe(false)
      writer.write(n)
    }
    expect(writer.full).toBe(true)
    time.runNext()
    expect([writer.full, woken]).toEqual([false, 1])
    expect(() => toFunction(() => undefined, { batchMax: 0 })).toThrow(/batchMax must be/)
  })
})
