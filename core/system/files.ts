import { link, mkdir, open, readdir, readFile, rm, stat, unlink } from 'node:fs/promises'
import type { FileHandle, Files } from '../ports/files.ts'

async function openHandle(path: string, mode: 'read' | 'create'): Promise<FileHandle> {
  const file = await open(path, mode === 'read' ? 'r' : 'ax')
  return {
    async read(offset, length) {
      const buffer = Buffer.allocUnsafe(length)
      let filled = 0
      while (filled < length) {
        const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled)
        if (bytesRead === 0) break
        filled += bytesRead
      }
      return buffer.subarray(0, filled)
    },
    async append(bytes) {
      let written = 0
      while (written < bytes.length) {
        written += (await file.write(bytes, written, bytes.length - written)).bytesWritten
      }
    },
    sync: () => file.datasync(),
    close: () => file.close(),
  }
}

export const systemFiles: Files = {
  open: openHandle,
  readAll: (path) => readFile(path),
  link,
  unlink,
  makeFolder: async (path) => void (await mkdir(path, { recursive: true })),
  removeFolder: (path) => rm(path, { recursive: true, force: true }),
  list: async (path) => (await readdir(path)).sort(),
  async stat(path) {
    const found = await stat(path)
    const kind = found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'other'
    return { bytes: found.size, changedMs: found.mtimeMs, kind }
  },
  async syncFolder(path) {
    const folder = await open(path, 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  },
}
