import { describe, expect, it } from 'vitest'
import { termNumber } from '../../core/ids.ts'
import { limits } from '../../core/limits.ts'
import {
  simulatedFiles,
  systemError,
  type FileOperation,
  type SimulatedFiles,
} from '../../core/simulated/files.ts'
import { seededRandom } from '../../core/simulated/random.ts'
import type { CheckpointStore } from '../store.ts'
import { openFileStore } from './file-store.ts'

const term = termNumber(1)
const name = '1.0.1.by-page.0.0'
const content = Uint8Array.from({ length: 40 }, (_, i) => i)

type Fault = (operation: FileOperation, path: string) => Error | undefined

/** Files whose faults a test may change while it runs. */
function faultyFiles(): {
  files: SimulatedFiles
  set: (fault: Fault | undefined) => void
  operations: string[]
} {
  let fault: Fault | undefined
  const operations: string[] = []
  const files = simulatedFiles({
    fault: (operation, path) => {
      operations.push(`${operation} ${path}`)
      return fault?.(operation, path)
    },
  })
  return { files, operations, set: (next) => void (fault = next) }
}

const failing =
  (operation: FileOperation, code: string): Fault =>
  (found, path) =>
    found === operation ? systemError(code, operation, path) : undefined

const reopened = (files: SimulatedFiles): CheckpointStore => openFileStore('/data/store', files)

/** What the log and the parts hold: absent or whole, never anything else. */
async function wholeOrAbsent(store: CheckpointStore): Promise<{ slot: boolean; part: boolean }> {
  const slot = await store.log.read(term, 0)
  if (slot) expect(slot).toEqual(content)
  const part = (await store.parts.list()).includes(name)
  if (part) expect(await store.parts.get(name)).toEqual(content)
  expect(await store.log.slots(term)).toEqual(slot ? [0] : [])
  return { slot: slot !== null, part }
}

describe('file store: crashes', () => {
  it('E2, C5: power failing at any step leaves a slot or part absent or whole, and keeps what was promised', async () => {
    const seen = new Set<string>()
    for (let seed = 0; seed < 40; seed += 1) {
      for (let step = 0, done = false; !done; step += 1) {
        const { files, set } = faultyFiles()
        let left = step
        set((operation, path) => ((left -= 1) < 0 ? systemError('EIO', operation, path) : undefined))
        const store = reopened(files)
        const part = await store.parts.put(name, [content.subarray(0, 10), content.subarray(10)]).then(
          () => true,
          () => false,
        )
        const slot = await store.log.create(term, 0, content).catch(() => 'unknown')
        done = left > 0
        set(undefined)
        // Seed 0: nothing but what was synced survives; the others: whatever chance wants.
        files.crash(seed === 0 ? undefined : seededRandom(seed))
        const found = await wholeOrAbsent(reopened(files))
        if (part) expect(found.part).toBe(true)
        if (slot === 'created') expect(found.slot).toBe(true)
        seen.add(`${slot} ${found.slot}`)
        expect(await reopened(files).log.create(term, 0, content)).toBe(found.slot ? 'taken' : 'created')
      }
    }
    expect([...seen].sort()).toEqual(['created true', 'unknown false', 'unknown true'])
  })

  it('E2: a slot that was found taken is still there after a crash', async () => {
    const { files, set } = faultyFiles()
    set(failing('syncFolder', 'EIO'))
    const store = reopened(files)
    await expect(store.log.create(term, 0, content)).rejects.toMatchObject({ notCreated: true })
    set((operation, path) =>
      operation === 'syncFolder' && path.endsWith('/1') ? systemError('EIO', operation, path) : undefined,
    )
    // Linked, but its name is not durable: the outcome is unknown.
    await expect(store.log.create(term, 0, content)).rejects.toMatchObject({ notCreated: false })
    set(undefined)
    expect(await reopened(files).log.create(term, 0, content.subarray(1))).toBe('taken')
    files.crash()
    expect(await reopened(files).log.read(term, 0)).toEqual(content)
  })

  it('leftovers of unclean ends are neither listed nor trusted, do not get in the way, and are swept', async () => {
    const { files } = faultyFiles()
    await files.makeFolder('/data/store/log/1')
    await files.makeFolder('/data/store/parts')
    for (const path of [
      'log/1/.tmp-0-0',
      'log/1/.tmp-0-1',
      'log/1/notes',
      `parts/.tmp-${name}-0`,
      'parts/.tmp-2.0.1.a.0.0-0',
      'parts/x',
    ]) {
      await files.open(`/data/store/${path}`, 'create')
    }
    const store = reopened(files)
    expect(await wholeOrAbsent(store)).toEqual({ slot: false, part: false })
    expect(await store.log.create(term, 0, content)).toBe('created')
    await store.parts.put(name, [content])
    expect(await wholeOrAbsent(store)).toEqual({ slot: true, part: true })
    await store.sweep([term])
    expect(await files.list('/data/store/log/1')).toEqual(['0', 'notes'])
    expect(await files.list('/data/store/parts')).toEqual(['.tmp-2.0.1.a.0.0-0', name, 'x'])
  })

  it('a writer that never cleans up is told so', async () => {
    const { files, set } = faultyFiles()
    await files.makeFolder('/data/store/log/1')
    set((operation, path) => (operation === 'open' ? systemError('EEXIST', operation, path) : undefined))
    await expect(reopened(files).log.create(term, 0, content)).rejects.toThrow(
      /1000 temporary files of '0' are left/,
    )
  })
})

describe('file store: refusals', () => {
  const put = (files: SimulatedFiles) => reopened(files).parts.put(name, [content])
  const create = (files: SimulatedFiles) => reopened(files).log.create(term, 0, content)

  it.each<[FileOperation, string, string, string]>([
    ['append', 'ENOSPC', 'STORE_FULL', 'retry'],
    ['open', 'EDQUOT', 'STORE_FULL', 'retry'],
    ['link', 'ENOSPC', 'STORE_FULL', 'retry'],
    ['makeFolder', 'EACCES', 'STORE_UNWRITABLE', 'fatal'],
    ['open', 'EROFS', 'STORE_UNWRITABLE', 'fatal'],
    ['open', 'EMFILE', 'STORE_FAILED', 'retry'],
    ['sync', 'EIO', 'STORE_FAILED', 'retry'],
    ['link', 'EPERM', 'STORE_NO_HARD_LINKS', 'fatal'],
    ['link', 'ENOTSUP', 'STORE_NO_HARD_LINKS', 'fatal'],
  ])(
    '%s fails with %s: %s, nothing is created and nothing is left',
    async (operation, systemCode, code, retry) => {
      for (const attempt of [put, create]) {
        const { files, set } = faultyFiles()
        set(failing(operation, systemCode))
        await expect(attempt(files)).rejects.toMatchObject({
          code,
          retry,
          notCreated: true,
          details: { code: systemCode },
        })
        set(undefined)
        expect(await wholeOrAbsent(reopened(files))).toEqual({ slot: false, part: false })
        const folder = attempt === put ? '/data/store/parts' : '/data/store/log/1'
        if (operation !== 'makeFolder') expect(await files.list(folder)).toEqual([])
      }
    },
  )

  it('an error of the link itself leaves the outcome unknown', async () => {
    const { files, set } = faultyFiles()
    set(failing('link', 'EIO'))
    await expect(create(files)).rejects.toMatchObject({ code: 'STORE_FAILED', notCreated: false })
  })

  it('messages name the folder and what to do', async () => {
    const { files, set } = faultyFiles()
    set(failing('open', 'EACCES'))
    await expect(put(files)).rejects.toThrow(
      'must be a folder that this user can read and write: /data/store/parts is not (EACCES)',
    )
    set(failing('link', 'EPERM'))
    await expect(put(files)).rejects.toThrow(
      /hard links.*\/data\/store\/parts.*choose a folder on a local disk/,
    )
  })

  it('a failed synchronisation is not tried again as a success', async () => {
    const { files, set, operations } = faultyFiles()
    set(failing('sync', 'EIO'))
    await expect(put(files)).rejects.toMatchObject({ code: 'STORE_FAILED' })
    expect(operations.filter((operation) => operation.startsWith('sync /'))).toHaveLength(1)
    expect(operations.filter((operation) => operation.startsWith('link '))).toEqual([])
  })

  it('folders above the store that this user may not open were there before', async () => {
    const { files, set } = faultyFiles()
    set((operation, path) =>
      operation === 'syncFolder' && path === '/' ? systemError('EACCES', operation, path) : undefined,
    )
    expect(await create(files)).toBe('created')
    set((operation, path) =>
      operation === 'syncFolder' && path === '/' ? systemError('EIO', operation, path) : undefined,
    )
    await expect(create(files)).rejects.toMatchObject({ code: 'STORE_FAILED' })
  })

  it('C7: a slot that exists and cannot be read is damaged, not absent', async () => {
    const { files, set } = faultyFiles()
    await create(files)
    for (const code of ['EIO', 'ELOOP']) {
      set(failing('readAll', code))
      await expect(reopened(files).log.read(term, 0)).rejects.toMatchObject({ code: 'SLOT_UNREADABLE' })
    }
    set(failing('readAll', 'EMFILE'))
    await expect(reopened(files).log.read(term, 0)).rejects.toMatchObject({
      code: 'STORE_FAILED',
      retry: 'retry',
    })
    set(undefined)
    await files.makeFolder('/data/store/log/1/1')
    await expect(reopened(files).log.read(term, 1)).rejects.toMatchObject({ code: 'SLOT_UNREADABLE' })
  })

  it('C7: a part that exists and cannot be read is damaged, not missing', async () => {
    const { files, set } = faultyFiles()
    await put(files)
    set(failing('readAll', 'EIO'))
    await expect(reopened(files).parts.get(name)).rejects.toMatchObject({ code: 'PART_DAMAGED' })
    set(failing('readAll', 'EACCES'))
    await expect(reopened(files).parts.get(name)).rejects.toMatchObject({ code: 'STORE_UNWRITABLE' })
  })

  it('§9: what is too large is not read', async () => {
    const { files, operations } = faultyFiles()
    await create(files)
    await put(files)
    const huge: SimulatedFiles = {
      ...files,
      stat: async (path) => ({ ...(await files.stat(path)), bytes: limits.partBytesMax + 1 }),
    }
    await expect(reopened(huge).log.read(term, 0)).rejects.toMatchObject({ code: 'SLOT_TOO_LARGE' })
    await expect(reopened(huge).parts.get(name)).rejects.toMatchObject({ code: 'PART_DAMAGED' })
    expect(operations.filter((operation) => operation.startsWith('readAll'))).toEqual([])
  })

  it('an unreadable folder is no empty one', async () => {
    const { files, set } = faultyFiles()
    await create(files)
    set(failing('list', 'EACCES'))
    await expect(reopened(files).log.terms()).rejects.toMatchObject({ code: 'STORE_UNWRITABLE' })
    await expect(reopened(files).parts.list()).rejects.toMatchObject({ code: 'STORE_UNWRITABLE' })
    set(failing('unlink', 'EACCES'))
    await expect(reopened(files).log.remove(term, 0)).rejects.toMatchObject({ code: 'STORE_UNWRITABLE' })
  })
})
