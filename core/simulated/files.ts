/**
 * Files in memory that forget like a disk: content that was not synced and names whose folder was not synced
 * may be gone after `crash`.
 *
 * - A file's content is append-only, so what is durable of it is a prefix.
 * - A folder keeps two sets of names: those a process sees and those that survive.
 * - `fault` is asked before an operation has any effect, and as `linked` after a link had it: an answer may be lost.
 * - `crash` kills every open handle.
 */
import { resolve } from 'node:path/posix'
import type { FileHandle, Files, FileStat } from '../ports/files.ts'
import { below, type Random } from '../ports/random.ts'

export type FileOperation = keyof Files | 'linked' | 'read' | 'append' | 'sync' | 'close'

export interface SimulatedFilesOptions {
  /** An error to fail the operation with. */
  readonly fault?: (operation: FileOperation, path: string) => Error | undefined
  /** What is read of a file is what this makes of it: a medium that flips bits. */
  readonly reading?: (path: string, bytes: Uint8Array) => Uint8Array
  /** For `changedMs`; a counter of changes by default. */
  readonly nowMs?: () => number
}

export interface SimulatedFiles extends Files {
  /**
   * - No chance: power fails, only what was synced survives.
   * - A seeded one: of each unsynced name and each unsynced tail, as much survives as chance wants (torn
   *   writes, names without content).
   * - `'process'`: only the process dies; everything written survives.
   */
  crash(chance?: Random | 'process'): void
  /** Of every file below the folder, sorted. */
  paths(folder: string): readonly string[]
  /** What is stored: no fault is asked about it. */
  contentOf(path: string): Uint8Array
  /** A bit of what is stored flips, for good; `at` in [0, 1) says which. False for a file without content. */
  flipBit(path: string, at: number): boolean
}

interface FileNode {
  readonly kind: 'file'
  /** `length` bytes of it are content. */
  buffer: Uint8Array
  length: number
  syncedLength: number
  changedMs: number
}

interface FolderNode {
  readonly kind: 'folder'
  names: Map<string, Node>
  syncedNames: Map<string, Node>
}

type Node = FileNode | FolderNode

const contentOf = (file: FileNode): Uint8Array => file.buffer.subarray(0, file.length)

const newFolder = (): FolderNode => ({ kind: 'folder', names: new Map(), syncedNames: new Map() })

/** An error as the system raises it. */
export function systemError(code: string, operation: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${operation} '${path}'`), { code, syscall: operation, path })
}

export function simulatedFiles(options: SimulatedFilesOptions = {}): SimulatedFiles {
  const root = newFolder()
  let changes = 0
  let boots = 0
  const nowMs = options.nowMs ?? ((): number => (changes += 1))

  const reading = options.reading ?? ((_, bytes: Uint8Array): Uint8Array => bytes)
  const check = (operation: FileOperation, path: string): void => {
    const error = options.fault?.(operation, path)
    if (error) throw error
  }
  /** What the first `depth` names of the path lead to. */
  const find = (names: readonly string[], depth = names.length): Node | undefined => {
    let node: Node | undefined = root
    for (let at = 0; at < depth; at += 1) {
      if (node?.kind !== 'folder') return undefined
      node = node.names.get(names[at] ?? '')
    }
    return node
  }
  const get = (operation: FileOperation, path: string): Node => {
    const node = find(namesOf(path))
    if (!node) throw systemError('ENOENT', operation, path)
    return node
  }
  const getFile = (operation: FileOperation, path: string): FileNode => {
    const node = get(operation, path)
    if (node.kind === 'folder') throw systemError('EISDIR', operation, path)
    return node
  }
  const getFolder = (operation: FileOperation, path: string, node = get(operation, path)): FolderNode => {
    if (node.kind === 'file') throw systemError('ENOTDIR', operation, path)
    return node
  }
  const parentOf = (operation: FileOperation, path: string): FolderNode => {
    const names = namesOf(path)
    const parent = find(names, names.length - 1)
    if (!parent) throw systemError('ENOENT', operation, path)
    return getFolder(operation, path, parent)
  }
  const nameOf = (path: string): string => namesOf(path).at(-1) ?? ''
  const newName = (operation: FileOperation, path: string, node: Node): void => {
    const folder = parentOf(operation, path)
    if (folder.names.has(nameOf(path))) throw systemError('EEXIST', operation, path)
    folder.names.set(nameOf(path), node)
  }

  const openHandle = (file: FileNode, path: string): FileHandle => {
    const boot = boots
    let open = true
    const checkOpen = (operation: FileOperation): void => {
      if (!open || boot !== boots) throw systemError('EBADF', operation, path)
      check(operation, path)
    }
    return {
      async read(offset, length) {
        checkOpen('read')
        return reading(path, contentOf(file).slice(offset, offset + length))
      },
      async append(bytes) {
        checkOpen('append')
        const length = file.length + bytes.length
        if (length > file.buffer.length) {
          const larger = new Uint8Array(Math.max(length, file.buffer.length * 2))
          larger.set(contentOf(file))
          file.buffer = larger
        }
        file.buffer.set(bytes, file.length)
        file.length = length
        file.changedMs = nowMs()
      },
      async sync() {
        checkOpen('sync')
        file.syncedLength = file.length
      },
      async close() {
        checkOpen('close')
        open = false
      },
    }
  }

  return {
    async open(path, mode) {
      check('open', path)
      if (mode === 'read') return openHandle(getFile('open', path), path)
      const file: FileNode = {
        kind: 'file',
        buffer: new Uint8Array(0),
        length: 0,
        syncedLength: 0,
        changedMs: nowMs(),
      }
      newName('open', path, file)
      return openHandle(file, path)
    },
    async readAll(path) {
      check('readAll', path)
      return reading(path, contentOf(getFile('readAll', path)).slice())
    },
    async link(from, to) {
      check('link', to)
      newName('link', to, getFile('link', from))
      check('linked', to)
    },
    async unlink(path) {
      check('unlink', path)
      getFile('unlink', path)
      parentOf('unlink', path).names.delete(nameOf(path))
    },
    async makeFolder(path) {
      check('makeFolder', path)
      let folder = root
      for (const name of namesOf(path)) {
        const node = folder.names.get(name) ?? newFolder()
        if (node.kind === 'file') throw systemError('ENOTDIR', 'makeFolder', path)
        folder.names.set(name, node)
        folder = node
      }
    },
    async removeFolder(path) {
      check('removeFolder', path)
      if (find(namesOf(path))) parentOf('removeFolder', path).names.delete(nameOf(path))
    },
    async list(path) {
      check('list', path)
      return [...getFolder('list', path).names.keys()].sort()
    },
    async stat(path): Promise<FileStat> {
      check('stat', path)
      const node = get('stat', path)
      if (node.kind === 'folder') return { bytes: 0, changedMs: 0, kind: 'folder' }
      return { bytes: node.length, changedMs: node.changedMs, kind: 'file' }
    },
    async syncFolder(path) {
      check('syncFolder', path)
      const folder = getFolder('syncFolder', path)
      folder.syncedNames = new Map(folder.names)
    },
    paths(folder) {
      const node = find(namesOf(folder))
      return node?.kind === 'folder' ? pathsBelow(folder === '/' ? '' : folder, node).sort() : []
    },
    contentOf(path) {
      return contentOf(getFile('read', path)).slice()
    },
    flipBit(path, at) {
      const file = getFile('read', path)
      if (file.length === 0) return false
      const bit = Math.floor(at * file.length * 8)
      file.buffer[bit >> 3] = (file.buffer[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      return true
    },
    crash(chance) {
      boots += 1
      if (chance !== 'process') forget(root, chance, new Set())
    },
  }
}

/** Taking paths apart was a tenth of a simulation's time. */
const knownPaths = new Map<string, readonly string[]>()
const knownPathsMax = 4096

function namesOf(path: string): readonly string[] {
  const known = knownPaths.get(path)
  if (known) return known
  const names = resolve('/', path).split('/').filter(Boolean)
  if (knownPaths.size >= knownPathsMax) knownPaths.clear()
  knownPaths.set(path, names)
  return names
}

const pathsBelow = (path: string, { names }: FolderNode): string[] =>
  [...names].flatMap(([name, node]) =>
    node.kind === 'file' ? [`${path}/${name}`] : pathsBelow(`${path}/${name}`, node),
  )

/** What a power failure leaves. A file with two names is cut once. */
function forget(node: Node, chance: Random | undefined, seen: Set<Node>): void {
  if (seen.has(node)) return
  seen.add(node)
  if (node.kind === 'file') {
    const unsynced = node.length - node.syncedLength
    node.length = node.syncedLength + (chance ? below(chance, unsynced + 1) : 0)
    node.syncedLength = node.length
    return
  }
  node.names = survivingNames(node, chance)
  node.syncedNames = new Map(node.names)
  for (const child of node.names.values()) forget(child, chance, seen)
}

function survivingNames({ names, syncedNames }: FolderNode, chance: Random | undefined): Map<string, Node> {
  const survivors = new Map(syncedNames)
  if (!chance) return survivors
  for (const name of new Set([...names.keys(), ...syncedNames.keys()])) {
    const seen = names.get(name)
    if (seen === syncedNames.get(name) || below(chance, 2) === 0) continue
    if (seen) survivors.set(name, seen)
    else survivors.delete(name)
  }
  return survivors
}
