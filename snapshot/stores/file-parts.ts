/** State parts in files: `parts/<name>`. */
import { join } from 'node:path/posix'
import { systemCode } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import type { Files } from '../../core/ports/files.ts'
import { PartError } from '../errors.ts'
import { checkPartName, isPartName } from '../part-name.ts'
import type { PartStore } from '../store.ts'
import { storeError } from './file-errors.ts'
import { createFile, ensureFolder, listFolder, removeFile } from './file-folder.ts'
import { partExists, partMissing, partUnreadable } from './part-errors.ts'

export function fileParts(files: Files, root: string, ensureRoot: () => Promise<void>): PartStore {
  const folder = join(root, 'parts')
  let ensured = false
  const ensure = async (): Promise<void> => {
    if (ensured) return
    await ensureRoot()
    await ensureFolder(files, folder)
    ensured = true
  }

  return {
    async put(name, chunks) {
      checkPartName(name)
      await ensure()
      if ((await createFile(files, folder, name, chunks)) === 'taken') throw partExists(name)
    },
    async get(name) {
      const path = join(folder, checkPartName(name))
      try {
        const { bytes } = await files.stat(path)
        if (bytes > limits.partBytesMax)
          throw partUnreadable(name, `${bytes} bytes, more than ${limits.partBytesMax}`)
        return await files.readAll(path)
      } catch (cause) {
        if (cause instanceof PartError) throw cause
        const code = systemCode(cause)
        if (code === 'ENOENT') throw partMissing(name, cause)
        if (code === 'EIO' || code === 'EISDIR') throw partUnreadable(name, code, cause)
        throw storeError(cause, root, true)
      }
    },
    list: async () => (await listFolder(files, folder)).filter(isPartName),
    remove: async (name) => removeFile(files, folder, checkPartName(name)),
  }
}
