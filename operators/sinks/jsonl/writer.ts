/**
 * Writes one task's rows into staged files, one file a checkpoint.
 *
 * W1 Rows between two barriers are in one file, in order; the file of an aborted checkpoint stays staged and
 *    is committed with a later one (K1).
 * W2 The buffer is bounded: `full` from `bufferBytesMax` on, whatever it waits for.
 * W3 After a failed write every call throws its error: rows were lost, so the task must restart.
 */
import type { CheckpointId } from '../../../core/ids.ts'
import type { SinkContext, SinkWriter } from '../../sink.ts'
import { commitFiles } from './commit.ts'
import { finalName, stagedName } from './handle.ts'
import { StagedWriter } from './staged-writer.ts'

const bufferBytesMax = 1024 * 1024

export class JsonlWriter<T> implements SinkWriter<T> {
  private readonly folder: string
  private readonly encode: (record: T) => string
  private readonly context: SinkContext
  private current: StagedWriter | undefined
  private readonly sealing = new Set<Promise<unknown>>()
  private sequence = 0
  private inFlightBytes = 0
  private wasFull = false
  private failure: { readonly error: unknown } | undefined

  constructor(folder: string, encode: (record: T) => string, context: SinkContext) {
    this.folder = folder
    this.encode = encode
    this.context = context
  }

  write(record: T): void {
    this.requireHealthy()
    const line = this.encode(record)
    this.current ??= this.nextFile()
    this.inFlightBytes += this.current.add(line)
  }

  get full(): boolean {
    const full = this.inFlightBytes + (this.current?.bufferedChars ?? 0) >= bufferBytesMax
    this.wasFull ||= full
    return full
  }

  async barrier(checkpoint: CheckpointId): Promise<unknown> {
    this.requireHealthy()
    const { current } = this
    if (!current) return null
    this.current = undefined
    const sealed = current.seal(finalName(this.context.taskIndex, checkpoint), checkpoint)
    const settled = sealed.then(
      () => undefined,
      () => undefined,
    )
    this.sealing.add(settled)
    try {
      return await sealed
    } finally {
      this.sealing.delete(settled)
    }
  }

  async commit(handles: readonly unknown[]): Promise<void> {
    const { files, failpoints, taskIndex, step } = this.context
    await commitFiles({ folder: this.folder, files, failpoints, task: `${step}[${taskIndex}]` }, handles)
  }

  async close(): Promise<void> {
    await Promise.all(this.sealing)
    await this.current?.discard()
  }

  private nextFile(): StagedWriter {
    const { epoch, taskIndex, files } = this.context
    this.sequence += 1
    return new StagedWriter({
      files,
      folder: this.folder,
      name: stagedName(epoch, taskIndex, this.sequence),
      onWritten: (bytes) => this.written(bytes),
      onFailed: (error) => this.failed(error),
    })
  }

  private written(bytes: number): void {
    this.inFlightBytes -= bytes
    if (!this.wasFull || this.full) return
    this.wasFull = false
    this.context.wake()
  }

  private failed(error: unknown): void {
    this.failure ??= { error }
    this.context.wake()
  }

  private requireHealthy(): void {
    if (this.failure) throw this.failure.error
  }
}
