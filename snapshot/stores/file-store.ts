/**
 * A store in a folder: `log/<term>/<slot>` and `parts/<name>`. Opening it touches nothing, so that it can be
 * inspected by who may only read; the first write makes the folders.
 */
import { join, resolve } from 'node:path'
import { ConfigError } from '../../core/errors.ts'
import type { Files } from '../../core/ports/files.ts'
import { parsePartName } from '../part-name.ts'
import type { CheckpointStore, StoreDefinition } from '../store.ts'
import { ensureFolder, sweepFolder, syncAncestors } from './file-folder.ts'
import { fileParts } from './file-parts.ts'
import { fileSlots } from './file-slots.ts'
import { show } from '../../core/show.ts'

/** A store definition that names its folder. */
export interface FileStoreDefinition extends StoreDefinition {
  readonly kind: 'file'
  readonly folder: string
}

/**
 * Keeps checkpoints in `folder`, which is made when it does not exist, on a file system with hard links.
 * One job, one folder. Throws `STORE_FOLDER` for what is no path.
 */
export function fileStore(folder: string): FileStoreDefinition {
  if (typeof folder !== 'string' || folder === '' || folder.includes('\0')) {
    throw new ConfigError('STORE_FOLDER', `fileStore needs the path of a folder, got ${show(folder)}`)
  }
  return { kind: 'file', folder, open: (files) => Promise.resolve(openFileStore(resolve(folder), files)) }
}

export const fileAddressPrefix = 'file:'

/** `root` is absolute. */
export function openFileStore(root: string, files: Files): CheckpointStore {
  let ensured = false
  const ensureRoot = async (): Promise<void> => {
    if (ensured) return
    await ensureFolder(files, join(root, 'log'))
    await syncAncestors(files, root)
    ensured = true
  }
  return {
    log: fileSlots(files, root, ensureRoot),
    parts: fileParts(files, root, ensureRoot),
    address: `${fileAddressPrefix}${root}`,
    async sweep(terms) {
      for (const term of terms) await sweepFolder(files, join(root, 'log', String(term)), () => true)
      const dead = new Set(terms)
      await sweepFolder(files, join(root, 'parts'), (name) => {
        const owner = parsePartName(name)
        return owner !== null && dead.has(owner.epoch.term)
      })
    },
    close: () => Promise.resolve(),
  }
}
