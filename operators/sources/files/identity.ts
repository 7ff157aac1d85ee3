/** S1: a file's position carries the file's identity, so that it is never applied to another file. */
import { createHash } from 'node:crypto'
import { systemCode } from '../../../core/errors.ts'
import type { FileHandle, Files } from '../../../core/ports/index.ts'
import { SourceError } from '../errors.ts'

export interface FileIdentity {
  readonly bytes: number
  readonly changedMs: number
  /** SHA-256 of the first 64 KB, hex. */
  readonly head: string
}

export interface OpenFile {
  readonly path: string
  readonly handle: FileHandle
  readonly identity: FileIdentity
}

const headBytes = 64 * 1024

/** Opens the file and takes its identity; with `expected` it must be the same file as then. */
export async function openFile(files: Files, path: string, expected: FileIdentity | null): Promise<OpenFile> {
  const { bytes, changedMs } = await statFile(files, path)
  const handle = await files.open(path, 'read').catch((cause: unknown) => unreadable(path, cause))
  try {
    const content = await handle.read(0, Math.min(headBytes, bytes))
    const head = createHash('sha256').update(content).digest('hex')
    const identity = { bytes, changedMs, head }
    if (expected) requireSame(path, expected, identity)
    return { path, handle, identity }
  } catch (cause) {
    await handle.close()
    throw cause instanceof SourceError ? cause : unreadableError(path, cause)
  }
}

export async function statFile(files: Files, path: string): Promise<{ bytes: number; changedMs: number }> {
  const stat = await files.stat(path).catch((cause: unknown) => unreadable(path, cause))
  if (stat.kind === 'file') return stat
  throw new SourceError('SOURCE_UNREADABLE', `'${path}' must be a file, found a ${stat.kind}`, {
    retry: 'fatal',
    details: { file: path },
  })
}

/** Waiting may help against these; nothing but a person against the others. */
const transient = new Set([
  'EIO',
  'EMFILE',
  'ENFILE',
  'EAGAIN',
  'EBUSY',
  'ENOMEM',
  'EINTR',
  'ESTALE',
  'ETIMEDOUT',
])

export function unreadableError(path: string, cause: unknown): SourceError {
  const code = systemCode(cause)
  return new SourceError(
    'SOURCE_UNREADABLE',
    `'${path}' cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
    {
      retry: transient.has(code) ? 'retry' : 'fatal',
      cause,
      details: { file: path, system: code },
    },
  )
}

function unreadable(path: string, cause: unknown): never {
  throw unreadableError(path, cause)
}

export function changedError(path: string, what: string, details?: Record<string, unknown>): SourceError {
  return new SourceError(
    'SOURCE_CHANGED',
    `'${path}' is not the file that the checkpoint was reading: ${what}. Put the old file back, or start the job afresh`,
    { retry: 'fatal', details: { file: path, ...details } },
  )
}

function requireSame(path: string, expected: FileIdentity, found: FileIdentity): void {
  const differences: string[] = []
  if (expected.bytes !== found.bytes)
    differences.push(`it had ${expected.bytes} bytes and has ${found.bytes}`)
  if (expected.head !== found.head) differences.push('its first 64 KB differ')
  if (expected.changedMs !== found.changedMs) {
    differences.push(`it was changed at ${isoTime(found.changedMs)}, then at ${isoTime(expected.changedMs)}`)
  }
  if (differences.length > 0) throw changedError(path, differences.join('; '), { expected, found })
}

function isoTime(atMs: number): string {
  const date = new Date(atMs)
  return Number.isNaN(date.getTime()) ? String(atMs) : date.toISOString()
}
