/**
 * Files as the engine sees them. Errors are the system's, with its `code` (`ENOENT`, `EEXIST`, `ENOSPC`,
 * `EACCES`, `EIO` …). Nothing is durable before `sync` of the file and `syncFolder` of its folder.
 */
export interface Files {
  /** `read`: must exist. `create`: must not exist (`EEXIST`). */
  open(path: string, mode: 'read' | 'create'): Promise<FileHandle>
  readAll(path: string): Promise<Uint8Array>
  /** A second name for the same file; fails with `EEXIST` when `to` exists, so it decides a race. */
  link(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  makeFolder(path: string): Promise<void>
  removeFolder(path: string): Promise<void>
  /** Names, not paths, sorted; fails with `ENOENT` where there is no folder. */
  list(path: string): Promise<readonly string[]>
  stat(path: string): Promise<FileStat>
  syncFolder(path: string): Promise<void>
}

export interface FileStat {
  readonly bytes: number
  readonly changedMs: number
  readonly kind: 'file' | 'folder' | 'other'
}

export interface FileHandle {
  /** Up to `length` bytes from `offset`; fewer only at the end of the file. */
  read(offset: number, length: number): Promise<Uint8Array>
  /** Appends all of `bytes`, or rejects. */
  append(bytes: Uint8Array): Promise<void>
  /** Durable content; EIO here must never be retried as success. */
  sync(): Promise<void>
  close(): Promise<void>
}
