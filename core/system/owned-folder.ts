/**
 * Temporary folders that outlive a `kill -9` of their owner only until the next start.
 *
 * - O1 A folder's name says whose it is: process id, when that process started, and where it runs. The name is made
 *   with the folder, so there is never a folder without an owner.
 * - O2 A folder is removed only where its owner is certainly dead: a process of the same host and process-id
 *   namespace that is not there any more, or whose id another process has by now. In doubt it stays.
 * - O3 Only this user's own folders: nobody is made to delete through a link that another user planted.
 */
import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemCode } from '../errors.ts'

/**
 * Makes a folder in the system's temporary one, after removing those of the same `kind` whose owners are dead.
 * `kind` is the first part of its name: letters, digits and `-`.
 */
export async function makeOwnedFolder(kind: string, parent = tmpdir()): Promise<string> {
  await removeOrphans(kind, parent)
  return mkdtemp(join(parent, `${kind}-${process.pid}-${startOf(process.pid) ?? unknownStart}-${here()}-`))
}

const unknownStart = '0'

async function removeOrphans(kind: string, parent: string): Promise<void> {
  const names = await readdir(parent).catch(() => [])
  const orphans = names.filter((name) => name.startsWith(`${kind}-`) && isOrphan(name.slice(kind.length + 1)))
  for (const name of orphans) await removeOwn(join(parent, name))
}

/** `<pid>-<start>-<place>-<chance>`. */
function isOrphan(owner: string): boolean {
  const [, pid, start, place] = /^(\d+)-(\d+)-([0-9a-f]{8})-[^-]+$/.exec(owner) ?? []
  if (pid === undefined || start === undefined || place !== here()) return false
  if (!isAlive(Number(pid))) return true
  const startNow = startOf(Number(pid))
  return start !== unknownStart && startNow !== undefined && startNow !== start
}

async function removeOwn(path: string): Promise<void> {
  try {
    const found = await lstat(path)
    if (!found.isDirectory() || found.uid !== (process.getuid?.() ?? found.uid)) return
    await rm(path, { recursive: true, force: true, maxRetries: 3 })
  } catch {
    // Another process removes it too, or its server is just dying: the next start tries again.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return systemCode(error) !== 'ESRCH'
  }
}

/**
 * When a process started, in clock ticks since the machine's boot (Linux, proc(5): field 22 of `stat`, behind a
 * command that may hold anything); undefined elsewhere, where a reused id keeps a folder a while longer.
 */
function startOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

let hereKnown: string | undefined

/** Host and process-id namespace: containers that share a temporary folder do not see each other's processes. */
function here(): string {
  hereKnown ??= createHash('sha256').update(`${hostname()} ${namespace()}`).digest('hex').slice(0, 8)
  return hereKnown
}

function namespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}
