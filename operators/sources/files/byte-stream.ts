/**
 * A file's bytes from an offset to the end, in blocks; one block is read ahead.
 *
 * B1 Blocks are consecutive and end exactly where the file ended when it was opened.
 * B2 At most one read is under way; `close` waits for it.
 */
import { changedError, unreadableError, type OpenFile } from './identity.ts'

export interface ByteStreamOptions {
  readonly offset: number
  /** No block is read ahead from here on: it is probably another split's. */
  readonly aheadUntil: number
  readonly blockBytes: number
}

export class ByteStream {
  private readonly file: OpenFile
  private readonly options: ByteStreamOptions
  private offset: number
  private ahead: Promise<Buffer> | undefined

  constructor(file: OpenFile, options: ByteStreamOptions) {
    this.file = file
    this.options = options
    this.offset = options.offset
    this.startAhead()
  }

  /** True when no byte is left to ask for. */
  get ended(): boolean {
    return this.ahead === undefined && this.offset >= this.file.identity.bytes
  }

  /** The next block; call only while not `ended`. */
  async next(): Promise<Buffer> {
    const block = await (this.ahead ?? this.readBlock())
    this.offset += block.length
    this.ahead = undefined
    this.startAhead()
    return block
  }

  async close(): Promise<void> {
    await this.ahead?.catch(() => undefined)
    await this.file.handle.close()
  }

  private startAhead(): void {
    if (this.offset >= Math.min(this.options.aheadUntil, this.file.identity.bytes)) return
    this.ahead = this.readBlock()
    // Whoever takes the block sees the error; until then it is nobody's.
    this.ahead.catch(() => undefined)
  }

  private async readBlock(): Promise<Buffer> {
    const { path, handle, identity } = this.file
    const length = Math.min(this.options.blockBytes, identity.bytes - this.offset)
    const bytes = await handle.read(this.offset, length).catch((cause: unknown) => {
      throw unreadableError(path, cause)
    })
    if (bytes.length < length) {
      throw changedError(
        path,
        `it ended at byte ${this.offset + bytes.length} while it was read, before ${identity.bytes}`,
      )
    }
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  }
}
