import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Files } from '../../core/ports/index.ts'
import { systemFiles } from '../../core/system/files.ts'
import { systemTimers } from '../../core/system/time.ts'
import type { SinkWriter } from '../sink.ts'
import { toJsonl } from './jsonl.ts'
import { checkpoint, prepareContext, sinkContext } from './testing/contexts.ts'
import { visibleRows } from './testing/output.ts'

describe('toJsonl on a real file system', () => {
  let root = ''
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'millrace-sinks-'))
  })
  afterAll(() => rm(root, { recursive: true }))

  const roomAgain = async (writer: SinkWriter<unknown>): Promise<void> => {
    while (writer.full) await new Promise<void>((resolve) => systemTimers.soon(resolve))
  }

  it('K1–K4: stages, commits, commits again, and is found again', async () => {
    const folder = join(root, 'a/b/out')
    const sink = toJsonl<unknown>(folder)
    await sink.prepare?.(prepareContext(systemFiles))
    const writer = await sink.open(sinkContext(systemFiles))
    const handles: unknown[] = []
    for (let n = 0; n < 60_000; n += 1) {
      await roomAgain(writer)
      writer.write({ n, text: 'é'.repeat(n % 50) })
      if (n % 20_000 === 19_999) handles.push(await writer.barrier(checkpoint(handles.length + 1)))
    }
    expect(await visibleRows(systemFiles, folder)).toEqual([])
    await writer.commit(handles)
    await writer.commit(handles)
    await writer.close()
    const rows = (await visibleRows(systemFiles, folder)) as { n: number }[]
    expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: 60_000 }, (_, n) => n))
    expect(await readdir(folder)).toEqual([
      '_millrace.json',
      'part-0-1.jsonl',
      'part-0-2.jsonl',
      'part-0-3.jsonl',
    ])
    expect(await sink.lastCommitted?.(prepareContext(systemFiles))).toBe(3)
    await expect(sink.prepare?.(prepareContext(systemFiles))).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' })
  })

  it('a file where the folder should be is refused', async () => {
    await writeFile(join(root, 'file'), '')
    for (const folder of [join(root, 'file'), join(root, 'file/out')]) {
      await expect(toJsonl(folder).prepare?.(prepareContext(systemFiles))).rejects.toMatchObject({
        code: 'OUTPUT_UNWRITABLE',
        retry: 'fatal',
        message: expect.stringContaining(folder),
      })
    }
  })

  it('a full disk fails the barrier, and a later task goes on', async () => {
    const folder = join(root, 'full')
    const sink = toJsonl<unknown>(folder)
    await sink.prepare?.(prepareContext(systemFiles))
    const full = await sink.open(sinkContext(fullAfter(systemFiles, 300_000)))
    for (let n = 0; n < 100_000; n += 1) full.write(n)
    await expect(full.barrier(checkpoint(1))).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
      retry: 'retry',
      details: { system: 'ENOSPC' },
    })
    await full.close()
    await sink.prepare?.(prepareContext(systemFiles))
    const next = await sink.open(sinkContext(systemFiles, { attempt: 2 }))
    next.write('a')
    await next.commit([await next.barrier(checkpoint(1))])
    expect(await readdir(folder)).toEqual(['_millrace.json', 'part-0-1.jsonl'])
  })
})

/** A disk with this much room left. */
function fullAfter(files: Files, bytesMax: number): Files {
  let room = bytesMax
  return {
    ...files,
    async open(path, mode) {
      const handle = await files.open(path, mode)
      return {
        ...handle,
        async append(bytes) {
          room -= bytes.length
          if (room < 0)
            throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
          await handle.append(bytes)
        },
      }
    },
  }
}
