/**
 * One staged file, written behind the task's back. The file is created when the first full buffer, or the
 * seal, needs it.
 *
 * F1 Bytes are appended in the order written, one append at a time.
 * F2 The digest and size cover exactly the bytes appended.
 * F3 After a failure nothing more is written, and the file is never sealed: an fsync that failed once is not
 *    tried again (its pages may be gone).
 */
import { createHash, type Hash } from 'node:crypto'
import type { CheckpointId } from '../../../core/ids.ts'
import type { FileHandle, Files } from '../../../core/ports/index.ts'
import { folderError, unlinkIfPresent } from './folder.ts'
import type { StagedFile } from './handle.ts'

export interface StagedTarget {
  readonly files: Files
  readonly folder: string
  readonly name: string
  /** Bytes that reached the file, or were given up. */
  readonly onWritten: (bytes: number) => void
  readonly onFailed: (error: unknown) => void
}

const flushChars = 256 * 1024

export class StagedWriter {
  private readonly target: StagedTarget
  private readonly hash: Hash = createHash('sha256')
  private text = ''
  private bytes = 0
  private records = 0
  private handle: FileHandle | undefined
  /** F1: the last write, which waits for all before it. */
  private written: Promise<void> = Promise.resolve()
  private failed = false

  constructor(target: StagedTarget) {
    this.target = target
  }

  /** Returns how many bytes went on their way to the file; `onWritten` will count them off. */
  add(line: string): number {
    this.text += line + '\n'
    this.records += 1
    return this.text.length >= flushChars ? this.flush() : 0
  }

  get bufferedChars(): number {
    return this.text.length
  }

  /** K2: durable on return. */
  async seal(final: string, checkpoint: CheckpointId): Promise<StagedFile> {
    const { files, folder, name } = this.target
    try {
      this.flush()
      await this.written
      const handle = await this.open()
      await handle.sync()
      await handle.close()
      await files.syncFolder(folder)
    } catch (cause) {
      await this.closeQuietly()
      throw this.fail(cause)
    }
    const digest = this.hash.digest('hex')
    return { staged: name, final, digest, bytes: this.bytes, records: this.records, checkpoint }
  }

  /** Gives up what was not sealed. */
  async discard(): Promise<void> {
    const { files, folder, name } = this.target
    this.failed = true
    await this.written.catch(() => undefined)
    if (!this.handle) return
    await this.closeQuietly()
    await unlinkIfPresent(files, `${folder}/${name}`)
  }

  /** What is buffered goes on its way; returns how many bytes. */
  flush(): number {
    if (this.text === '') return 0
    const chunk = Buffer.from(this.text, 'utf8')
    this.text = ''
    this.hash.update(chunk)
    this.bytes += chunk.length
    this.written = this.written.then(() => this.append(chunk))
    // `seal` sees the error; until then `onFailed` told it.
    this.written.catch(() => undefined)
    return chunk.length
  }

  private async append(chunk: Buffer): Promise<void> {
    try {
      if (this.failed) return
      const handle = await this.open()
      await handle.append(chunk)
    } catch (cause) {
      throw this.fail(cause)
    } finally {
      this.target.onWritten(chunk.length)
    }
  }

  private async open(): Promise<FileHandle> {
    const { files, folder, name } = this.target
    this.handle ??= await files.open(`${folder}/${name}`, 'create')
    return this.handle
  }

  /** A handle that closed already, or will not, is no news after a failure. */
  private async closeQuietly(): Promise<void> {
    await this.handle?.close().catch(() => undefined)
  }

  private fail(cause: unknown): unknown {
    const error = folderError(this.target.folder, cause)
    this.failed = true
    this.target.onFailed(error)
    return error
  }
}
