import { describe, expect, it } from 'vitest'
import type { FailpointName } from '../../core/ports/failpoints.ts'
import {
  simulatedFiles,
  systemError,
  type FileOperation,
  type SimulatedFiles,
} from '../../core/simulated/files.ts'
import { putFile } from '../sources/testing/reading.ts'
import type { SinkWriter } from '../sink.ts'
import { toJsonl } from './jsonl.ts'
import type { StagedFile } from './jsonl/handle.ts'
import { checkpoint, prepareContext, sinkContext, type SinkChanges } from './testing/contexts.ts'
import { visibleRows } from './testing/output.ts'

const sink = toJsonl<unknown>('out/')

async function start(files: SimulatedFiles, changes: SinkChanges = {}): Promise<SinkWriter<unknown>> {
  await sink.prepare?.(prepareContext(files))
  return sink.open(sinkContext(files, changes))
}

async function stage(writer: SinkWriter<unknown>, id: number, rows: readonly unknown[]): Promise<StagedFile> {
  for (const row of rows) writer.write(row)
  return (await writer.barrier(checkpoint(id))) as StagedFile
}

const namesIn = async (files: SimulatedFiles): Promise<readonly string[]> => files.list('out')

describe('toJsonl: partitions', () => {
  const byKind = toJsonl<{ kind: string; n: number }>('out', { partitionBy: ({ kind }) => kind })
  const open = async (files: SimulatedFiles, changes: SinkChanges = {}) => {
    await byKind.prepare?.(prepareContext(files))
    return byKind.open(sinkContext(files, changes))
  }

  it('K1: rows become visible below their folders, all with the checkpoint; a commit is repeatable', async () => {
    const files = simulatedFiles()
    const writer = await open(files)
    writer.write({ kind: 'day=1/hour=2', n: 1 })
    writer.write({ kind: 'day=1/hour=3', n: 2 })
    writer.write({ kind: 'day=1/hour=2', n: 3 })
    const handle = await writer.barrier(checkpoint(1))
    expect(await visibleRows(files, 'out')).toEqual([])
    const other = await byKind.open(sinkContext(files, { taskIndex: 5, attempt: 2 }))
    for (let times = 0; times < 2; times += 1) await other.commit([structuredClone(handle)])
    expect((await visibleRows(files, 'out/day=1/hour=2')).map((row) => (row as { n: number }).n)).toEqual([
      1, 3,
    ])
    expect(await files.list('out/day=1/hour=3')).toEqual(['part-0-1.jsonl'])
    expect(await namesIn(files)).toEqual(['_millrace.json', 'day=1'])
  })

  it('K4: output in partitions counts as output', async () => {
    const files = simulatedFiles()
    const writer = await open(files)
    writer.write({ kind: 'a', n: 1 })
    await writer.commit([await writer.barrier(checkpoint(7))])
    expect(await byKind.lastCommitted?.(prepareContext(files))).toBe(7)
    await expect(byKind.prepare?.(prepareContext(files))).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' })
  })

  it('W2: rows spread over many partitions do not fill the buffer for good', async () => {
    const files = simulatedFiles()
    const writer = await open(files)
    const padding = 'x'.repeat(100)
    let waits = 0
    for (let n = 0; n < 20_000; n += 1) {
      writer.write({ kind: `p${n % 200}`, n, padding } as never)
      for (let turns = 0; writer.full; turns += 1) {
        if (turns === 1000) throw new Error('the buffer stays full')
        waits += 1
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    expect(waits).toBeGreaterThan(0)
    await writer.commit([await writer.barrier(checkpoint(1))])
    expect(await visibleRows(files, 'out')).toHaveLength(20_000)
  })

  it.each(['..', '/x', 'x/', 'x//y', '.hidden', '_x', 'a b', 'x.jsonl', 'a/../b', 'x'.repeat(101)])(
    'refuses the partition %j',
    async (kind) => {
      const writer = await open(simulatedFiles())
      expect(() => writer.write({ kind, n: 1 })).toThrow(
        expect.objectContaining({ code: 'PARTITION_ILLEGAL' }) as Error,
      )
    },
  )

  it('refuses more partitions than a task can keep open', async () => {
    const writer = await open(simulatedFiles())
    for (let n = 0; n < 256; n += 1) writer.write({ kind: `p${n}`, n })
    expect(() => writer.write({ kind: 'one-more', n: 1 })).toThrow(
      expect.objectContaining({ code: 'PARTITIONS_TOO_MANY' }) as Error,
    )
  })

  it('a forged handle cannot leave the folder', async () => {
    const files = simulatedFiles()
    const writer = await open(files)
    writer.write({ kind: 'a', n: 1 })
    const [handle] = (await writer.barrier(checkpoint(1))) as StagedFile[]
    for (const final of ['../part-0-1.jsonl', '/part-0-1.jsonl', 'a/../../part-0-1.jsonl'])
      await expect(writer.commit([[{ ...handle, final }]])).rejects.toMatchObject({ code: 'HANDLE_ILLEGAL' })
  })
})

describe('toJsonl: staging and commit', () => {
  it('K1: output staged at aborted checkpoints is committed with a later one, in order', async () => {
    const files = simulatedFiles()
    const writer = await start(files)
    const handles = [await stage(writer, 1, [{ n: 1 }]), await stage(writer, 2, [{ n: 2 }, { n: 3 }])]
    expect(await visibleRows(files, 'out')).toEqual([])
    await writer.commit(handles)
    expect(await visibleRows(files, 'out')).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
    expect(await namesIn(files)).toEqual(['_millrace.json', 'part-0-1.jsonl', 'part-0-2.jsonl'])
  })

  it('K1: any task of any epoch can commit a handle', async () => {
    const files = simulatedFiles()
    const handle = await stage(await start(files, { taskIndex: 3 }), 1, ['x'])
    const other = await sink.open(sinkContext(files, { taskIndex: 0, attempt: 2 }))
    await other.commit([structuredClone(handle)])
    expect(await namesIn(files)).toEqual(['_millrace.json', 'part-3-1.jsonl'])
  })

  it('K2: what a barrier resolved for survives a power failure', async () => {
    const files = simulatedFiles()
    const writer = await start(files)
    const handle = await stage(
      writer,
      1,
      Array.from({ length: 50_000 }, (_, n) => ({ n, text: 'some text' })),
    )
    expect(handle).toMatchObject({ records: 50_000, checkpoint: 1 })
    writer.write('after the barrier')
    files.crash()
    await sink.prepare?.(prepareContext(files, { restored: 1, handles: [handle] }))
    await (await sink.open(sinkContext(files, { attempt: 2 }))).commit([handle])
    expect(await visibleRows(files, 'out')).toHaveLength(50_000)
  })

  it('K2: writing goes on while a barrier is under way; a barrier without rows has no handle', async () => {
    const files = simulatedFiles()
    const writer = await start(files)
    writer.write(1)
    const first = writer.barrier(checkpoint(1))
    writer.write(2)
    const second = writer.barrier(checkpoint(2))
    expect(await writer.barrier(checkpoint(3))).toBeNull()
    await writer.commit([await first, await second])
    expect(await visibleRows(files, 'out')).toEqual([1, 2])
  })

  it('K3: commit is repeatable, from any point', async () => {
    const files = simulatedFiles()
    const writer = await start(files)
    const handles = [await stage(writer, 1, ['a']), await stage(writer, 2, ['b'])]
    await writer.commit(handles)
    await writer.commit(handles)
    await writer.commit(handles.slice(1))
    expect(await visibleRows(files, 'out')).toEqual(['a', 'b'])
  })

  it('K3: another file under the name is a conflict', async () => {
    const files = simulatedFiles()
    const writer = await start(files)
    const handle = await stage(writer, 1, ['a'])
    await putFile(files, 'out/part-0-1.jsonl', Buffer.from('"b"\n'))
    await expect(writer.commit([handle])).rejects.toMatchObject({ code: 'OUTPUT_CONFLICT', retry: 'fatal' })
    await files.unlink(`out/${handle.staged}`)
    await expect(writer.commit([handle])).rejects.toMatchObject({ code: 'OUTPUT_CONFLICT' })
  })

  it('K3: staged output that is gone, or cut, is lost', async () => {
    const files = simulatedFiles()
    const writer = await start(files)
    const [gone, cut] = [await stage(writer, 1, ['a']), await stage(writer, 2, ['b'])]
    await files.unlink(`out/${gone.staged}`)
    await files.unlink(`out/${cut.staged}`)
    await putFile(files, `out/${cut.staged}`, Buffer.from('"'))
    await expect(writer.commit([gone])).rejects.toMatchObject({ code: 'OUTPUT_LOST', retry: 'fatal' })
    await expect(writer.commit([cut])).rejects.toMatchObject({ code: 'OUTPUT_LOST' })
  })

  it('K3: hits its failpoints around the commit', async () => {
    const hits: FailpointName[] = []
    const files = simulatedFiles()
    const writer = await start(files, { failpoints: { hit: (name) => void hits.push(name) } })
    await writer.commit([await stage(writer, 1, ['a'])])
    expect(hits).toEqual(['sink.before-commit', 'sink.mid-commit', 'sink.committed'])
  })

  it('refuses handles that lead out of the folder', async () => {
    const writer = await start(simulatedFiles())
    const handle = await stage(writer, 1, ['a'])
    for (const forged of [
      null,
      {},
      { ...handle, staged: '../x' },
      { ...handle, final: 'part-0-1.jsonl/../../x' },
    ]) {
      await expect(writer.commit([forged])).rejects.toMatchObject({ code: 'HANDLE_ILLEGAL' })
    }
  })
})

describe('toJsonl: the folder', () => {
  it('K4: belongs to one step of one job', async () => {
    const files = simulatedFiles()
    await start(files)
    await sink.prepare?.(prepareContext(files))
    for (const other of [{ job: 'other' }, { step: 'other' }]) {
      await expect(sink.prepare?.(prepareContext(files, other))).rejects.toMatchObject({
        code: 'OUTPUT_OWNED',
        retry: 'fatal',
      })
    }
    await expect(sink.prepare?.(prepareContext(files, { job: 'other' }))).rejects.toThrow(
      /belongs to step 'out' of job 'job'/,
    )
  })

  it('K4: output that no checkpoint explains is refused', async () => {
    const files = simulatedFiles()
    const writer = await start(files)
    await writer.commit([await stage(writer, 7, ['a'])])
    await expect(sink.prepare?.(prepareContext(files))).rejects.toMatchObject({
      code: 'OUTPUT_EXISTS',
      retry: 'fatal',
    })
    await sink.prepare?.(prepareContext(files, { restored: 7 }))
    expect(await sink.lastCommitted?.(prepareContext(files))).toBe(7)
  })

  it('K4: staged files that no handle names are deleted, others kept', async () => {
    const files = simulatedFiles()
    const writer = await start(files)
    const kept = await stage(writer, 1, ['a'])
    await stage(writer, 2, ['b'])
    await putFile(files, 'out/.hidden', Buffer.from('mine'))
    await sink.prepare?.(prepareContext(files, { restored: 1, handles: [kept] }))
    expect(await namesIn(files)).toEqual(['.hidden', kept.staged, '_millrace.json'])
  })

  it('C7: lastCommitted is the newest visible checkpoint, null without output', async () => {
    const files = simulatedFiles()
    expect(await sink.lastCommitted?.(prepareContext(files))).toBeNull()
    const writer = await start(files)
    await writer.commit([await stage(writer, 9, ['a']), await stage(writer, 10, ['b'])])
    expect(await sink.lastCommitted?.(prepareContext(files))).toBe(10)
  })

  it('close leaves sealed files and removes the open one', async () => {
    const files = simulatedFiles()
    const writer = await start(files)
    const sealed = await stage(writer, 1, ['a'])
    for (let n = 0; n < 100_000; n += 1) writer.write(n)
    await writer.close()
    expect(await namesIn(files)).toEqual([sealed.staged, '_millrace.json'])
  })
})

describe('toJsonl: failures', () => {
  const failing = (failAt: FileOperation, code: string): { files: SimulatedFiles; arm: () => void } => {
    let armed = false
    const fault = (operation: FileOperation, path: string): Error | undefined =>
      armed && operation === failAt ? systemError(code, operation, path) : undefined
    return { files: simulatedFiles({ fault }), arm: () => (armed = true) }
  }

  it('W2: is full while the disk is slow, and says when it is not', async () => {
    let woken = 0
    const writer = await start(simulatedFiles(), { wake: () => (woken += 1) })
    let written = 0
    while (!writer.full) writer.write({ written: (written += 1), text: 'x'.repeat(100) })
    expect(written).toBeLessThan(12_000)
    await new Promise((resolve) => setImmediate(resolve))
    expect(writer.full).toBe(false)
    expect(woken).toBe(1)
    expect(await writer.barrier(checkpoint(1))).toMatchObject({ records: written })
  })

  it.each([
    ['append', 'ENOSPC', 'retry'],
    ['open', 'EACCES', 'fatal'],
    ['sync', 'EIO', 'retry'],
    ['syncFolder', 'EIO', 'retry'],
  ] as const)(
    'W3: a failed %s (%s) fails the barrier and every later call',
    async (operation, code, retry) => {
      const { files, arm } = failing(operation, code)
      let woken = 0
      const writer = await start(files, { wake: () => (woken += 1) })
      arm()
      writer.write('a')
      const error = { code: 'OUTPUT_UNWRITABLE', retry, details: { folder: 'out', system: code } }
      await expect(writer.barrier(checkpoint(1))).rejects.toMatchObject(error)
      expect(woken).toBeGreaterThan(0)
      expect(() => writer.write('b')).toThrow(expect.objectContaining(error))
      await expect(writer.barrier(checkpoint(2))).rejects.toMatchObject(error)
      await writer.close()
    },
  )

  it('W3: a failed background write shows at the next call', async () => {
    const { files, arm } = failing('append', 'ENOSPC')
    const writer = await start(files)
    arm()
    for (let n = 0; n < 100_000; n += 1) writer.write(n)
    await new Promise((resolve) => setImmediate(resolve))
    expect(() => writer.write('more')).toThrow(/ENOSPC/)
    await writer.close()
  })

  it.each(['makeFolder', 'list', 'open', 'link', 'readAll'] as const)(
    'a folder whose %s fails is unwritable',
    async (operation) => {
      const { files, arm } = failing(operation, 'EACCES')
      arm()
      await expect(sink.prepare?.(prepareContext(files))).rejects.toMatchObject({
        code: 'OUTPUT_UNWRITABLE',
        retry: 'fatal',
      })
    },
  )

  it('a file system without hard links is refused', async () => {
    const { files, arm } = failing('link', 'EOPNOTSUPP')
    arm()
    await expect(sink.prepare?.(prepareContext(files))).rejects.toMatchObject({
      code: 'OUTPUT_NO_LINKS',
      retry: 'fatal',
    })
  })

  it('a record that JSON cannot say is a record error; encode may say it', async () => {
    const files = simulatedFiles()
    const writer = await start(files)
    expect(() => writer.write({ id: 1n })).toThrow(
      expect.objectContaining({ code: 'JSON_UNSUPPORTED', retry: 'record' }),
    )
    const encoding = await toJsonl<bigint>('out', { encode: (n) => (n < 0n ? 'two\nlines' : `${n}`) }).open(
      sinkContext(files),
    )
    encoding.write(12n)
    expect(() => encoding.write(-1n)).toThrow(
      expect.objectContaining({ code: 'LINE_ILLEGAL', retry: 'record' }),
    )
    await writer.commit([await encoding.barrier(checkpoint(1))])
    expect(await visibleRows(files, 'out')).toEqual([12])
  })
})
