import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MillraceError } from '../../core/errors.ts'
import { checkpointId, stepName } from '../../core/ids.ts'
import { limits } from '../../core/limits.ts'
import { virtualTime } from '../../core/simulated/time.ts'
import { openGate } from './gate.ts'
import { SinkStepRuntime, type StagedOutput } from './sink-step.ts'
import { FakeWriter, settle } from './testing/fakes.ts'

interface Snapshot {
  readonly checkpoint: number
  readonly written: number
  readonly staged: readonly StagedOutput[]
}

function open() {
  const writer = new FakeWriter()
  const gate = openGate()
  const time = virtualTime()
  const sink = new SinkStepRuntime({ step: stepName('out'), writer, gate, timers: time })
  const pass = async (): Promise<void> => {
    await settle()
    while (time.runNext()) await settle()
  }
  return { writer, gate, time, sink, pass, cp: checkpointId }
}

describe('a sink in a task', () => {
  it('T1: a full buffer closes the gate once, room reopens it', () => {
    const { writer, gate, sink } = open()
    writer.full = true
    sink.write(1)
    sink.write(2)
    sink.recheck()
    expect([gate.blocked, writer.written]).toEqual([1, [1, 2]])
    writer.full = false
    sink.recheck()
    sink.recheck()
    expect(gate.blocked).toBe(0)
  })

  it('a record that the writer refuses names the step', () => {
    const { writer, sink } = open()
    writer.write = () => {
      throw new MillraceError('JSON_UNSUPPORTED', 'no', { retry: 'record' })
    }
    expect(() => sink.write(1)).toThrowError(
      expect.objectContaining({ code: 'JSON_UNSUPPORTED', retry: 'record', details: { step: 'out' } }),
    )
  })

  it('what fails later than its record was written is not blamed on the record that is written then', async () => {
    const { writer, sink, cp } = open()
    const broken = new MillraceError('OUTPUT_UNWRITABLE', 'EIO', { retry: 'retry' })
    writer.write = () => {
      throw broken
    }
    expect(() => sink.write(1)).toThrowError(
      expect.objectContaining({
        message: "'out' failed on earlier records: EIO",
        details: { step: 'out', earlier: true },
      }),
    )
    writer.barrier = () => Promise.reject(broken)
    await expect(sink.barrier(cp(1))).rejects.toMatchObject({
      message: "'out' failed on the records before checkpoint 1: EIO",
      details: { step: 'out', earlier: true },
    })
  })

  it('K1: every snapshot holds what is staged and not confirmed; completion commits it in order', async () => {
    const { writer, sink, cp } = open()
    sink.write('a')
    expect(await sink.barrier(cp(1))).toEqual([{ checkpoint: 1, handle: ['a'] }])
    sink.write('b')
    const both = [
      { checkpoint: 1, handle: ['a'] },
      { checkpoint: 3, handle: ['b'] },
    ]
    // 2 was given up somewhere else: nothing of 1 is discarded.
    expect(await sink.barrier(cp(3))).toEqual(both)
    sink.write('c')
    expect(await sink.barrier(cp(4))).toHaveLength(3)
    await sink.complete(cp(3))
    expect(writer.committed).toEqual(['a', 'b'])
    expect(await sink.barrier(cp(5))).toEqual([{ checkpoint: 4, handle: ['c'] }])
    await sink.complete(cp(5))
    await sink.complete(cp(5))
    expect([writer.committed, writer.commits.length]).toEqual([['a', 'b', 'c'], 2])
  })

  it('K1: a snapshot holds nothing of later barriers, however late it is sealed', async () => {
    const { writer, sink, cp } = open()
    let release = (): void => undefined
    writer.sealing = new Promise((resolve) => (release = resolve))
    sink.write('a')
    const first = sink.barrier(cp(1))
    sink.write('b')
    const second = sink.barrier(cp(2))
    release()
    expect((await first).map((each) => each.checkpoint)).toEqual([1])
    expect((await second).map((each) => each.checkpoint)).toEqual([1, 2])
  })

  it('C6, C7, K1: what a restore brings is shown when its completion is told, in order of barriers', async () => {
    const { writer, sink, cp } = open()
    sink.restore([
      { checkpoint: cp(3), handle: ['c'] },
      { checkpoint: cp(1), handle: ['a'] },
    ])
    expect(writer.commits).toEqual([])
    sink.write('d')
    expect((await sink.barrier(cp(4))).map(({ handle }) => handle)).toEqual([['a'], ['c'], ['d']])
    await sink.complete(cp(3))
    expect(writer.commits).toEqual([[['a'], ['c']]])
    expect((await sink.barrier(cp(5))).map(({ handle }) => handle)).toEqual([['d']])
  })

  it('K3: a failed commit is tried again', async () => {
    const { writer, sink, cp, pass } = open()
    writer.failures = [new Error('disk'), new Error('disk')]
    sink.write('a')
    await sink.barrier(cp(1))
    const completed = sink.complete(cp(1))
    await pass()
    await completed
    expect([writer.committed, writer.commits.length]).toEqual([['a'], 3])
  })

  it('K3: a commit that goes on failing fails the task, and is still in the snapshot', async () => {
    const { writer, sink, cp, pass, time } = open()
    writer.failures = Array.from({ length: 99 }, () => Object.assign(new Error('disk'), { code: 'EIO' }))
    sink.write('a')
    await sink.barrier(cp(1))
    const failed = expect(sink.complete(cp(1))).rejects.toMatchObject({
      code: 'COMMIT_FAILED',
      retry: 'retry',
      message: "sink 'out' could not commit: disk",
      details: { step: 'out' },
    })
    await pass()
    await failed
    expect([writer.commits.length, time.monotonicMs()]).toEqual([5, 200 + 400 + 800 + 1600])
    expect(await sink.barrier(cp(2))).toEqual([{ checkpoint: 1, handle: ['a'] }])
  })

  it('K3: a fatal failure is not tried again', async () => {
    const { writer, sink, cp } = open()
    writer.failures = [new MillraceError('OUTPUT_FOREIGN', 'another digest', { retry: 'fatal' })]
    sink.write('a')
    await sink.barrier(cp(1))
    await expect(sink.complete(cp(1))).rejects.toMatchObject({ code: 'OUTPUT_FOREIGN', retry: 'fatal' })
    expect(writer.commits).toHaveLength(1)
  })

  it('K3: a commit that never answers fails the task, is not tried beside itself, and is still in the snapshot', async () => {
    const { writer, sink, cp, time } = open()
    const { commits } = writer
    writer.commit = (handles) => {
      commits.push(handles)
      return new Promise(() => undefined)
    }
    sink.write('a')
    await sink.barrier(cp(1))
    const failed = expect(sink.complete(cp(1))).rejects.toMatchObject({
      code: 'COMMIT_TIMEOUT',
      retry: 'retry',
      message: expect.stringMatching(/^sink 'out' could not commit: expected an answer within 600000 ms/),
    })
    await settle()
    expect([time.runNext(), time.runNext()]).toEqual([true, false])
    await failed
    expect([commits.length, time.monotonicMs()]).toEqual([1, limits.commitMsMax])
    expect(await sink.barrier(cp(2))).toEqual([{ checkpoint: 1, handle: ['a'] }])
  })

  it('K3: the wait for a commit leaves no timer behind, once it answered or the sink is closed', async () => {
    const { writer, sink, cp, time } = open()
    sink.write('a')
    await sink.barrier(cp(1))
    await sink.complete(cp(1))
    expect(time.runNext()).toBe(false)
    writer.commit = () => new Promise(() => undefined)
    sink.write('b')
    await sink.barrier(cp(2))
    void sink.complete(cp(2))
    await settle()
    await sink.close()
    expect(time.runNext()).toBe(false)
  })

  it('K3: once closed it does not try again: the next deployment does', async () => {
    const { writer, sink, cp, pass } = open()
    writer.failures = [new Error('disk')]
    sink.write('a')
    await sink.barrier(cp(1))
    const failed = expect(sink.complete(cp(1))).rejects.toMatchObject({ code: 'COMMIT_FAILED' })
    await settle()
    await sink.close()
    await pass()
    await failed
    expect(writer.commits).toHaveLength(1)
  })

  it('K2: output that cannot be staged fails this barrier and every later one, and nothing escapes', async () => {
    const { writer, sink, cp } = open()
    let refuse = (_: Error): void => undefined
    writer.sealing = new Promise((_resolve, reject) => (refuse = reject))
    sink.write('a')
    const first = sink.barrier(cp(1))
    sink.write('b')
    writer.sealing = Promise.reject(new Error('later'))
    writer.sealing.catch(() => undefined)
    const second = sink.barrier(cp(2))
    await settle()
    refuse(new Error('EIO'))
    await expect(first).rejects.toThrowError('EIO')
    await expect(second).rejects.toThrowError('EIO')
    writer.sealing = Promise.resolve()
    await expect(sink.barrier(cp(3))).rejects.toThrowError('EIO')
  })

  it('K1: whatever completes, aborts or crashes between, what is visible is what was written, once', async () => {
    const action = fc.oneof(
      { weight: 3, arbitrary: fc.constant('write' as const) },
      { weight: 2, arbitrary: fc.constant('barrier' as const) },
      { weight: 1, arbitrary: fc.constant('complete' as const) },
      { weight: 1, arbitrary: fc.constant('restart' as const) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (script) => {
        const { cp } = open()
        let { writer, sink } = open()
        // What a store and the world hold: the newest complete snapshot, and what is visible by handle.
        let complete: Snapshot = { checkpoint: 0, written: 0, staged: [] }
        const tell = async (): Promise<void> => {
          if (complete.checkpoint > 0) await sink.complete(cp(complete.checkpoint))
        }
        let acknowledged: Snapshot | undefined
        const visible = new Map<string, readonly unknown[]>()
        const commitTo = (made: FakeWriter): void => {
          made.commit = async (handles) => {
            for (const handle of handles) visible.set(JSON.stringify(handle), handle as readonly unknown[])
          }
        }
        commitTo(writer)
        let [written, checkpoint] = [0, 0]
        for (const each of script) {
          if (each === 'write') sink.write((written += 1))
          else if (each === 'barrier') {
            checkpoint += 1
            acknowledged = { checkpoint, written, staged: await sink.barrier(cp(checkpoint)) }
          } else if (each === 'complete' && acknowledged) {
            complete = acknowledged
            await sink.complete(cp(acknowledged.checkpoint))
          } else if (each === 'restart') {
            ;({ writer, sink } = open())
            commitTo(writer)
            acknowledged = undefined
            written = complete.written
            sink.restore(complete.staged)
            // Told again after a restore; or not yet, when the next completion comes first.
            if (script.length % 2 === 0) await tell()
          }
        }
        await tell()
        const rows = [...visible.values()].flat()
        expect(rows).toEqual(Array.from({ length: complete.written }, (_, i) => i + 1))
      }),
    )
  })
})
