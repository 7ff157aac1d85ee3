/**
 * `collect()`: values in the memory of the process that called `run`, visible on commit.
 *
 * V1 A checkpoint's values of a task are visible once, however often they are delivered.
 * V2 Values are kept as bytes until they are visible, so nobody can change them in between.
 */
import { CodecError, decodeBatch, decodeValue, encodeBatch, encodeValue } from '../../core/codec/index.ts'
import type { CheckpointId } from '../../core/ids.ts'
import { limits } from '../../core/limits.ts'
import type { SinkContext, SinkDefinition, SinkWriter } from '../sink.ts'
import { SinkError } from './errors.ts'

export interface Collected<T> extends SinkDefinition<T> {
  /** What complete checkpoints made visible so far, task by task in order. */
  readonly values: readonly T[]
  /** Called in the process that called `run`, with what `SinkContext.deliver` was given there or elsewhere. */
  accept(task: string, checkpoint: CheckpointId, bytes: Uint8Array): void
}

/** What one task staged at one barrier. */
interface Staged {
  /** Of the task that staged it; another may commit it, when the parallelism changed. */
  readonly taskIndex: number
  readonly checkpoint: CheckpointId
  readonly blocks: readonly Uint8Array[]
}

/** One block of it on its way: together they may be more than a message holds. */
interface Delivery {
  readonly id: string
  readonly block: Uint8Array
}

/** A sink for tests and small results: read `values` after `await job.finished`. */
export function collect<T>(): Collected<T> {
  const values: T[] = []
  const accepted = new Set<string>()
  let newest: CheckpointId | null = null
  return {
    kind: 'collect',
    guarantee: 'exactly-once',
    values,
    prepare: async ({ restored }) => {
      if (restored !== null) return
      values.length = 0
      accepted.clear()
      newest = null
    },
    lastCommitted: async () => newest,
    open: async (context) => new CollectWriter<T>(context),
    accept(_task, checkpoint, bytes) {
      const { id, block } = decodeValue(bytes) as Delivery
      if (accepted.has(id)) return
      accepted.add(id)
      for (const value of decodeBatch(block)) values.push(value as T)
      if (newest === null || checkpoint > newest) newest = checkpoint
    },
  }
}

const blockValues = 256
const blockBytesMax = limits.controlBytesMax - 1024

class CollectWriter<T> implements SinkWriter<T> {
  readonly full = false
  private readonly context: SinkContext
  private buffer: T[] = []
  private blocks: Uint8Array[] = []

  constructor(context: SinkContext) {
    this.context = context
  }

  write(record: T): void {
    this.buffer.push(record)
    if (this.buffer.length === blockValues) this.encode()
  }

  async barrier(checkpoint: CheckpointId): Promise<Staged | null> {
    this.encode()
    const { blocks } = this
    if (blocks.length === 0) return null
    this.blocks = []
    return { taskIndex: this.context.taskIndex, checkpoint, blocks }
  }

  async commit(handles: readonly unknown[]): Promise<void> {
    for (const handle of handles) {
      const { taskIndex, checkpoint, blocks } = parseStaged(handle)
      for (const [index, block] of blocks.entries()) {
        const delivery: Delivery = { id: `${taskIndex}-${checkpoint}-${index}`, block }
        await this.context.deliver(checkpoint, encodeValue(delivery))
      }
    }
  }

  async close(): Promise<void> {}

  private encode(): void {
    if (this.buffer.length > 0) this.encodeBlocks(this.buffer)
    this.buffer = []
  }

  /** Blocks travel as control messages, so none is larger than one. */
  private encodeBlocks(values: readonly T[]): void {
    const bytes = encodeChecked(values)
    if (bytes.length <= blockBytesMax) this.blocks.push(bytes)
    else if (values.length > 1) {
      const half = values.length >> 1
      this.encodeBlocks(values.slice(0, half))
      this.encodeBlocks(values.slice(half))
    } else {
      throw new SinkError(
        'VALUE_UNSUPPORTED',
        `collect takes values of up to ${blockBytesMax} bytes, got ${bytes.length}; write larger ones to files (toJsonl)`,
        { retry: 'record', details: { bytes: bytes.length, bytesMax: blockBytesMax } },
      )
    }
  }
}

function encodeChecked(values: readonly unknown[]): Uint8Array {
  try {
    return encodeBatch(values)
  } catch (cause) {
    if (!(cause instanceof CodecError)) throw cause
    throw new SinkError('VALUE_UNSUPPORTED', `collect keeps values as bytes: ${cause.message}`, {
      retry: 'record',
      cause,
      details: cause.details,
    })
  }
}

function parseStaged(value: unknown): Staged {
  const { taskIndex, checkpoint, blocks } = (value ?? {}) as Partial<Staged>
  if (typeof taskIndex === 'number' && typeof checkpoint === 'number' && Array.isArray(blocks))
    return value as Staged
  throw new SinkError('HANDLE_ILLEGAL', 'expected what collect staged, found something else', {
    retry: 'fatal',
  })
}
