/**
 * A folder in which files appear whole, durably and once.
 *
 * - E2: written to a temporary name, synced, given its name by `link` (which fails where `rename` would
 *   overwrite), and the folder synced. Whoever reads a name reads all of its content.
 * - E2: 'taken' is answered after the folder was synced too, so what stands there stays.
 * - A temporary name begins with `.tmp-`, is taken exclusively, and is never read.
 */
import { join } from 'node:path/posix'
import { systemCode } from '../../core/errors.ts'
import type { FileHandle, Files } from '../../core/ports/files.ts'
import { StoreError } from '../errors.ts'
import { linkError, storeError } from './file-errors.ts'

const temporaryPattern = /^\.tmp-(.+)-[0-9]+$/
/** Leftovers of so many unclean ends of one writer are stepped over. */
const temporaryNamesMax = 1000

/** Rejects with a `StoreError`; `notCreated` is true unless the name may exist. */
export async function createFile(
  files: Files,
  folder: string,
  name: string,
  chunks: readonly Uint8Array[],
): Promise<'created' | 'taken'> {
  const temporary = await writeTemporary(files, folder, name, chunks)
  const outcome = await linkOnce(files, folder, temporary, join(folder, name))
  try {
    await files.syncFolder(folder)
  } catch (cause) {
    throw storeError(cause, folder, false)
  }
  await removeQuietly(files, temporary)
  return outcome
}

/** Removes the temporary files of targets that `isDead`. */
export async function sweepFolder(
  files: Files,
  folder: string,
  isDead: (name: string) => boolean,
): Promise<void> {
  for (const name of await listFolder(files, folder)) {
    const target = temporaryPattern.exec(name)?.[1]
    if (target !== undefined && isDead(target)) await removeFile(files, folder, name)
  }
}

/** Empty where there is no folder. */
export async function listFolder(files: Files, folder: string): Promise<readonly string[]> {
  try {
    return await files.list(folder)
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return []
    throw storeError(cause, folder, true)
  }
}

/** Durable on return; absent is fine. */
export async function removeFile(files: Files, folder: string, name: string): Promise<void> {
  try {
    await files.unlink(join(folder, name))
    await files.syncFolder(folder)
  } catch (cause) {
    if (systemCode(cause) !== 'ENOENT') throw storeError(cause, folder, true)
  }
}

async function writeTemporary(
  files: Files,
  folder: string,
  name: string,
  chunks: readonly Uint8Array[],
): Promise<string> {
  const { handle, path } = await openTemporary(files, folder, name)
  try {
    try {
      for (const block of blocksOf(chunks)) await handle.append(block)
      await handle.sync()
    } finally {
      await handle.close()
    }
    return path
  } catch (cause) {
    await removeQuietly(files, path)
    throw storeError(cause, folder, true)
  }
}

/** Many small chunks are one write, of about this size. */
const blockBytes = 1024 * 1024

function* blocksOf(chunks: readonly Uint8Array[]): IterableIterator<Uint8Array> {
  let waiting: Uint8Array[] = []
  let bytes = 0
  for (const chunk of chunks) {
    waiting.push(chunk)
    bytes += chunk.length
    if (bytes < blockBytes) continue
    yield Buffer.concat(waiting)
    waiting = []
    bytes = 0
  }
  if (bytes > 0) yield Buffer.concat(waiting)
}

async function openTemporary(
  files: Files,
  folder: string,
  name: string,
): Promise<{ handle: FileHandle; path: string }> {
  for (let n = 0; n < temporaryNamesMax; n += 1) {
    const path = join(folder, `.tmp-${name}-${n}`)
    try {
      return { handle: await files.open(path, 'create'), path }
    } catch (cause) {
      if (systemCode(cause) !== 'EEXIST') throw storeError(cause, folder, true)
    }
  }
  throw new StoreError(
    'STORE_FAILED',
    `${temporaryNamesMax} temporary files of '${name}' are left in ${folder}; remove those that begin with '.tmp-' while no job runs`,
    { notCreated: true, details: { folder, name } },
  )
}

async function linkOnce(
  files: Files,
  folder: string,
  from: string,
  to: string,
): Promise<'created' | 'taken'> {
  try {
    await files.link(from, to)
    return 'created'
  } catch (cause) {
    if (systemCode(cause) === 'EEXIST') return 'taken'
    await removeQuietly(files, from)
    throw linkError(cause, folder)
  }
}

/** What is left is swept later. */
async function removeQuietly(files: Files, path: string): Promise<void> {
  try {
    await files.unlink(path)
  } catch {
    // Its name says that it is nobody's.
  }
}

/** Makes the folder, and its name durable. */
export async function ensureFolder(files: Files, folder: string): Promise<void> {
  try {
    await files.makeFolder(folder)
  } catch (cause) {
    // What Node's recursive `mkdir` says on a read-only file system.
    const readOnly = systemCode(cause) === 'ENOENT'
    throw storeError(
      readOnly ? Object.assign(new Error('EROFS', { cause }), { code: 'EROFS' }) : cause,
      folder,
      true,
    )
  }
  try {
    await files.syncFolder(join(folder, '..'))
  } catch (cause) {
    throw storeError(cause, folder, true)
  }
}

/** Makes the names above the store's own folder durable; a folder closed to this user was there before. */
export async function syncAncestors(files: Files, folder: string): Promise<void> {
  for (let at = folder; at !== join(at, '..'); at = join(at, '..')) {
    try {
      await files.syncFolder(join(at, '..'))
    } catch (cause) {
      if (['EACCES', 'EPERM'].includes(systemCode(cause))) return
      throw storeError(cause, folder, true)
    }
  }
}
