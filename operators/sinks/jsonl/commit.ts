/**
 * K3: makes staged files visible; repeatable from any point, by any task. The folder is synced between the
 * links and the unlinks, so that a crash leaves each file under one name at least.
 */
import { createHash } from 'node:crypto'
import { systemCode } from '../../../core/errors.ts'
import type { Failpoints, Files } from '../../../core/ports/index.ts'
import { SinkError } from '../errors.ts'
import { dirname } from 'node:path'
import { folderError, makeDurableFolder, unlinkIfPresent } from './folder.ts'
import { parseHandles, type StagedFile } from './handle.ts'

export interface CommitContext {
  readonly folder: string
  readonly files: Files
  readonly failpoints: Failpoints
  readonly task: string
}

export async function commitFiles(context: CommitContext, handles: readonly unknown[]): Promise<void> {
  const { folder, files, failpoints, task } = context
  const staged = parseHandles(handles)
  if (staged.length === 0) return
  const targets = new Set(staged.map(({ final }) => dirname(`${folder}/${final}`)))
  try {
    for (const target of targets) if (target !== folder) await makeDurableFolder(target, files)
    for (const file of staged) {
      failpoints.hit('sink.before-commit', { task, checkpoint: file.checkpoint })
      await linkFile(context, file)
    }
    for (const target of targets) await files.syncFolder(target)
    for (const file of staged) {
      failpoints.hit('sink.mid-commit', { task, checkpoint: file.checkpoint })
      await unlinkIfPresent(files, `${folder}/${file.staged}`)
      failpoints.hit('sink.committed', { task, checkpoint: file.checkpoint })
    }
  } catch (cause) {
    throw folderError(folder, cause)
  }
}

async function linkFile({ folder, files }: CommitContext, file: StagedFile): Promise<void> {
  const from = `${folder}/${file.staged}`
  const to = `${folder}/${file.final}`
  try {
    await requireSize(files, from, file)
    await files.link(from, to)
  } catch (cause) {
    const code = systemCode(cause)
    if (code === 'EEXIST') return requireContent(files, to, file)
    if (code !== 'ENOENT') throw cause
    await requireCommitted(files, to, file)
  }
}

/** A staged file that was synced and is not whole was damaged since. */
async function requireSize(files: Files, path: string, file: StagedFile): Promise<void> {
  const { bytes } = await files.stat(path)
  if (bytes !== file.bytes) throw lost(path, file, `it has ${bytes} bytes, not ${file.bytes}`)
}

async function requireCommitted(files: Files, to: string, file: StagedFile): Promise<void> {
  try {
    await requireContent(files, to, file)
  } catch (cause) {
    if (systemCode(cause) !== 'ENOENT') throw cause
    throw lost(to, file, 'neither it nor the committed file is there')
  }
}

async function requireContent(files: Files, path: string, file: StagedFile): Promise<void> {
  const digest = await digestOf(files, path)
  if (digest === file.digest) return
  throw new SinkError(
    'OUTPUT_CONFLICT',
    `'${path}' should hold the output of checkpoint ${file.checkpoint} and holds something else; remove it only if you know where it came from`,
    { retry: 'fatal', details: { path, expected: file.digest, found: digest } },
  )
}

const readBytes = 1024 * 1024

async function digestOf(files: Files, path: string): Promise<string> {
  const hash = createHash('sha256')
  const handle = await files.open(path, 'read')
  try {
    for (let offset = 0; ;) {
      const bytes = await handle.read(offset, readBytes)
      hash.update(bytes)
      offset += bytes.length
      if (bytes.length < readBytes) return hash.digest('hex')
    }
  } finally {
    await handle.close()
  }
}

function lost(path: string, file: StagedFile, what: string): SinkError {
  return new SinkError(
    'OUTPUT_LOST',
    `staged output '${file.staged}' of checkpoint ${file.checkpoint} is lost: ${what}. Start the job afresh, with an empty folder`,
    {
      retry: 'fatal',
      details: { path, checkpoint: file.checkpoint, records: file.records },
    },
  )
}
