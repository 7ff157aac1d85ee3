/**
 * K4: an output folder has one owner, (job, step), named in a file in it; output that no checkpoint explains
 * is refused; staged files that no handle names are deleted, after the older terms were sealed (E3).
 */
import { dirname } from 'node:path'
import { isTyped, systemCode } from '../../../core/errors.ts'
import type { CheckpointId } from '../../../core/ids.ts'
import type { Files } from '../../../core/ports/index.ts'
import type { SinkPrepareContext } from '../../sink.ts'
import { SinkError } from '../errors.ts'
import { committedCheckpoint, parseHandles, stagedTerm } from './handle.ts'

const ownerFile = '_millrace.json'

/** Where the owner file is written before it is linked. */
const ownerDraft = ({ job, step }: Pick<Owner, 'job' | 'step'>): string => `.owner-${job}-${step}`

interface Owner {
  readonly format: 1
  readonly job: string
  readonly step: string
}

export async function prepareFolder(folder: string, context: SinkPrepareContext): Promise<void> {
  const { files, restored, handles } = context
  try {
    await makeDurableFolder(folder, files)
    await takeOwnership(folder, context)
    const names = await files.list(folder)
    if (restored === null && context.allowOutput !== true)
      refuseOutput(folder, await committedIn(folder, files), context)
    const needed = new Set(parseHandles(handles).map(({ staged }) => staged))
    for (const name of names) {
      const term = stagedTerm(name)
      // A successor's are not ours to judge: we may have been superseded since we looked.
      const stale = term !== null && term <= context.term && !needed.has(name)
      if (stale || name === ownerDraft(context)) await unlinkIfPresent(files, `${folder}/${name}`)
    }
  } catch (cause) {
    throw folderError(folder, cause)
  }
}

/** A new folder is durable when the folder that names it was synced; so are the folders made on the way. */
export async function makeDurableFolder(folder: string, files: Files): Promise<void> {
  const made = [folder]
  for (let above = dirname(folder); !(await exists(above, files)); above = dirname(above)) made.unshift(above)
  await files.makeFolder(folder)
  for (const each of made) await files.syncFolder(dirname(each))
}

async function exists(path: string, files: Files): Promise<boolean> {
  try {
    await files.stat(path)
    return true
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return false
    throw cause
  }
}

/** The newest checkpoint whose output is visible in the folder. */
export async function newestCommitted(folder: string, files: Files): Promise<CheckpointId | null> {
  const found = await committedIn(folder, files).catch((cause: unknown) => {
    if (systemCode(cause) === 'ENOENT') return []
    throw folderError(folder, cause)
  })
  let newest: CheckpointId | null = null
  for (const { checkpoint } of found) if (newest === null || checkpoint > newest) newest = checkpoint
  return newest
}

interface Committed {
  readonly name: string
  readonly checkpoint: CheckpointId
}

/** Committed files of the folder and its partitions. */
async function committedIn(folder: string, files: Files): Promise<readonly Committed[]> {
  const found: Committed[] = []
  for (const name of await files.list(folder)) {
    const checkpoint = committedCheckpoint(name)
    if (checkpoint !== null) found.push({ name, checkpoint })
    else if (!/^[._]|\.jsonl$/.test(name) && (await files.stat(`${folder}/${name}`)).kind === 'folder')
      found.push(...(await committedIn(`${folder}/${name}`, files)))
  }
  return found
}

/** The owner file appears whole or not at all, and once: written aside, then linked. */
async function takeOwnership(folder: string, { files, job, step }: SinkPrepareContext): Promise<void> {
  const path = `${folder}/${ownerFile}`
  const found = await readOwner(files, path)
  if (found) return requireOwner(folder, found, { job, step })
  const aside = `${folder}/${ownerDraft({ job, step })}`
  await unlinkIfPresent(files, aside)
  const handle = await files.open(aside, 'create')
  try {
    await handle.append(Buffer.from(`${JSON.stringify({ format: 1, job, step } satisfies Owner)}\n`))
    await handle.sync()
  } finally {
    await handle.close()
  }
  try {
    await files.link(aside, path)
  } catch (cause) {
    if (systemCode(cause) !== 'EEXIST') throw cause
    const winner = await readOwner(files, path)
    if (winner) requireOwner(folder, winner, { job, step })
  }
  await files.syncFolder(folder)
  await unlinkIfPresent(files, aside)
}

async function readOwner(files: Files, path: string): Promise<Partial<Owner> | null> {
  try {
    return JSON.parse(Buffer.from(await files.readAll(path)).toString('utf8')) as Partial<Owner>
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return null
    if (!(cause instanceof SyntaxError)) throw cause
    throw new SinkError(
      'OUTPUT_OWNED',
      `'${path}' should name the folder's owner and is damaged; use another folder, or remove it with its output`,
      {
        retry: 'fatal',
        cause,
        details: { path },
      },
    )
  }
}

function requireOwner(folder: string, found: Partial<Owner>, wanted: { job: string; step: string }): void {
  if (found.format === 1 && found.job === wanted.job && found.step === wanted.step) return
  const details = { folder, job: found.job, step: found.step }
  const owner = `step '${found.step}' of job '${found.job}' (format ${found.format})`
  throw new SinkError(
    'OUTPUT_OWNED',
    `'${folder}' belongs to ${owner}; give step '${wanted.step}' of job '${wanted.job}' a folder of its own`,
    {
      retry: 'fatal',
      details,
    },
  )
}

function refuseOutput(folder: string, present: readonly Committed[], { job }: SinkPrepareContext): void {
  if (present.length === 0) return
  throw new SinkError(
    'OUTPUT_EXISTS',
    `'${folder}' holds ${present.length} committed files (${present[0]?.name} …), but the store has no checkpoint of job '${job}'. Use the store that it was written with, or remove the folder`,
    { retry: 'fatal', details: { folder, files: present.length } },
  )
}

export async function unlinkIfPresent(files: Files, path: string): Promise<void> {
  await files.unlink(path).catch((cause: unknown) => {
    if (systemCode(cause) !== 'ENOENT') throw cause
  })
}

/** What only a person can put right. */
const lasting = new Set([
  'EACCES',
  'EPERM',
  'ENOTDIR',
  'EROFS',
  'ENAMETOOLONG',
  'EEXIST',
  'ELOOP',
  'ENOENT',
  'EINVAL',
])
const noLinks = new Set(['ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EPERM', 'EXDEV', 'EMLINK'])

export function folderError(folder: string, cause: unknown): unknown {
  const code = systemCode(cause)
  if (isTyped(cause) || code === '') return cause
  const details = { folder, system: code }
  if (noLinks.has(code) && (cause as { syscall?: unknown }).syscall === 'link') {
    return new SinkError(
      'OUTPUT_NO_LINKS',
      `the file system of '${folder}' must have hard links (${code}): output is committed with them; choose a folder elsewhere`,
      { retry: 'fatal', cause, details },
    )
  }
  return new SinkError(
    'OUTPUT_UNWRITABLE',
    `'${folder}' cannot be used for output: ${(cause as Error).message}`,
    {
      retry: lasting.has(code) ? 'fatal' : 'retry',
      cause,
      details,
    },
  )
}
