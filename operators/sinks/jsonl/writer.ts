/**
 * Writes one task's rows into staged files, one file a checkpoint and partition.
 *
 * W1 Rows between two barriers are in one file, in order; the file of an aborted checkpoint stays staged and
 *    is committed with a later one (K1).
 * W2 The buffer is bounded: `full` from `bufferBytesMax` on, whatever it waits for; half of it, spread over many
 *    partitions, goes to the files.
 * W3 After a failed write every call throws its error: rows were lost, so the task must restart.
 */
import type { CheckpointId } from '../../../core/ids.ts'
import type { SinkContext, SinkWriter } from '../../sink.ts'
import { commitFiles } from './commit.ts'
import { SinkError } from '../errors.ts'
import { finalName, isPartition, stagedName } from './handle.ts'
import { StagedWriter } from './staged-writer.ts'

const bufferBytesMax = 1024 * 1024
/** Each is an open file. */
const partitionsMax = 256

export interface JsonlFormat<T> {
  readonly encode: (record: T) => string
  readonly partitionBy: ((record: T) => string) | undefined
}

export class JsonlWriter<T> implements SinkWriter<T> {
  private readonly folder: string
  private readonly format: JsonlFormat<T>
  private readonly context: SinkContext
  /** By partition; `''` is the folder itself. */
  private current = new Map<string, StagedWriter>()
  private buffered = 0
  private readonly sealing = new Set<Promise<unknown>>()
  private sequence = 0
  private inFlightBytes = 0
  private wasFull = false
  private failure: { readonly error: unknown } | undefined

  constructor(folder: string, format: JsonlFormat<T>, context: SinkContext) {
    this.folder = folder
    this.format = format
    this.context = context
  }

  write(record: T): void {
    this.requireHealthy()
    const { encode, partitionBy } = this.format
    const line = encode(record)
    const file = this.fileOf(partitionBy ? partitionBy(record) : '')
    const before = file.bufferedChars
    this.inFlightBytes += file.add(line)
    this.buffered += file.bufferedChars - before
    if (this.buffered >= bufferBytesMax / 2) this.flushAll()
  }

  get full(): boolean {
    const full = this.inFlightBytes + this.buffered >= bufferBytesMax
    this.wasFull ||= full
    return full
  }

  async barrier(checkpoint: CheckpointId): Promise<unknown> {
    this.requireHealthy()
    const { current } = this
    if (current.size === 0) return null
    this.current = new Map()
    this.buffered = 0
    const { taskIndex } = this.context
    const sealed = Promise.all(
      [...current].map(([partition, file]) =>
        file.seal(finalName(partition, taskIndex, checkpoint), checkpoint),
      ),
    )
    const settled = sealed.then(
      () => undefined,
      () => undefined,
    )
    this.sealing.add(settled)
    try {
      return this.format.partitionBy ? await sealed : (await sealed)[0]
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
    for (const file of this.current.values()) await file.discard()
  }

  private fileOf(partition: string): StagedWriter {
    const known = this.current.get(partition)
    if (known) return known
    if (typeof partition !== 'string' || !isPartition(partition)) throw illegalPartition(partition)
    if (this.current.size === partitionsMax) throw tooManyPartitions(partition)
    const file = this.nextFile()
    this.current.set(partition, file)
    return file
  }

  private flushAll(): void {
    for (const file of this.current.values()) this.inFlightBytes += file.flush()
    this.buffered = 0
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

const illegalPartition = (partition: unknown): SinkError =>
  new SinkError(
    'PARTITION_ILLEGAL',
    `expected partitionBy to return folders such as 'day=2015-07-14/hour=23' (letters, digits and _ . = : + -), found ${JSON.stringify(partition)}`,
    { retry: 'record', details: { partition } },
  )

const tooManyPartitions = (partition: string): SinkError =>
  new SinkError(
    'PARTITIONS_TOO_MANY',
    `between two checkpoints a task writes to at most ${partitionsMax} partitions; '${partition}' is one more. Partition more coarsely, or take checkpoints more often`,
    { retry: 'fatal', details: { partition, partitionsMax } },
  )
