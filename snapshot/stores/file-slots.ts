/** The job log in files: `log/<term>/<slot>`. */
import { join } from 'node:path/posix'
import { systemCode } from '../../core/errors.ts'
import { termNumber, type Term } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import { limits } from '../../core/limits.ts'
import type { Files } from '../../core/ports/files.ts'
import { LogError } from '../errors.ts'
import { placeLabel } from '../log/record.ts'
import { tooLarge } from '../log/slot-format.ts'
import type { SlotStore } from '../store.ts'
import { storeError } from './file-errors.ts'
import { createFile, ensureFolder, listFolder, removeFile } from './file-folder.ts'

const numberPattern = /^(?:0|[1-9][0-9]{0,14})$/
/** It is there, and reading it cannot succeed: damaged, not absent. */
const unreadable = new Set(['EIO', 'EISDIR', 'ELOOP', 'EINVAL'])

export function fileSlots(files: Files, root: string, ensureRoot: () => Promise<void>): SlotStore {
  const log = join(root, 'log')
  const ensured = new Set<Term>()
  const folderOf = (term: Term): string => join(log, String(term))
  const fileOf = (slot: number): string => {
    invariant(Number.isSafeInteger(slot) && slot >= 0, `E2: a slot is a whole number ≥ 0, got ${slot}`)
    return String(slot)
  }
  const ensureTerm = async (term: Term): Promise<void> => {
    if (ensured.has(term)) return
    await ensureRoot()
    await ensureFolder(files, folderOf(term))
    ensured.add(term)
  }

  return {
    async terms() {
      return (await numbersIn(files, log)).filter((number) => number > 0).map(termNumber)
    },
    slots: (term) => numbersIn(files, folderOf(term)),
    async create(term, slot, bytes) {
      await ensureTerm(term)
      return createFile(files, folderOf(term), fileOf(slot), [bytes])
    },
    async read(term, slot) {
      const path = join(folderOf(term), fileOf(slot))
      const label = `log slot ${placeLabel({ term, slot })}`
      try {
        const { bytes } = await files.stat(path)
        if (bytes > limits.slotBytesMax) throw tooLarge(label, bytes)
        return await files.readAll(path)
      } catch (cause) {
        if (cause instanceof LogError) throw cause
        const code = systemCode(cause)
        if (code === 'ENOENT') return null
        if (!unreadable.has(code)) throw storeError(cause, root, true)
        throw new LogError(
          'SLOT_UNREADABLE',
          `${label} exists and cannot be read (${code}); restore it from a copy`,
          {
            cause,
            details: { term, slot, code },
          },
        )
      }
    },
    remove: (term, slot) => removeFile(files, folderOf(term), fileOf(slot)),
  }
}

async function numbersIn(files: Files, folder: string): Promise<number[]> {
  const names = await listFolder(files, folder)
  return names
    .filter((name) => numberPattern.test(name))
    .map(Number)
    .sort((a, b) => a - b)
}
