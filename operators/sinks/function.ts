import { ConfigError, MillraceError } from '../../core/errors.ts'
import type { SinkContext, SinkDefinition, SinkWriter } from '../sink.ts'
import { SinkError } from './errors.ts'

export interface FunctionSinkOptions {
  /** Most records of one call; default 1000. Up to four calls' worth are buffered. */
  readonly batchMax?: number
}

/**
 * Calls `fn` with records in order, one call at a time; a rejection fails the task. At-least-once: after a
 * failure, records since the last checkpoint come again, so make `fn` idempotent.
 */
export function toFunction<T>(
  fn: (records: readonly T[]) => void | Promise<void>,
  options: FunctionSinkOptions = {},
): SinkDefinition<T> {
  const { batchMax = 1000 } = options
  if (!Number.isSafeInteger(batchMax) || batchMax < 1) {
    throw new ConfigError(
      'OPTION_ILLEGAL',
      `toFunction: batchMax must be a whole number ≥ 1, got ${batchMax}`,
    )
  }
  return {
    kind: 'function',
    guarantee: 'at-least-once',
    guaranteeReason: 'the function is called again with records that are replayed after a failure',
    open: async (context) => new FunctionWriter(fn, batchMax, context),
  }
}

const bufferedBatches = 4

/**
 * U1 One call is under way at most. U2 `barrier` resolves when all records written before it were delivered.
 * U3 After a failure nothing more is delivered and every call throws its error.
 */
class FunctionWriter<T> implements SinkWriter<T> {
  private readonly fn: (records: readonly T[]) => void | Promise<void>
  private readonly batchMax: number
  private readonly context: SinkContext
  private buffer: T[] = []
  private written = 0
  private delivered = 0
  private state: 'idle' | 'scheduled' | 'calling' | 'closed' = 'idle'
  private failure: MillraceError | undefined
  private waiting: { readonly count: number; readonly resolve: () => void }[] = []

  constructor(fn: (records: readonly T[]) => void | Promise<void>, batchMax: number, context: SinkContext) {
    this.fn = fn
    this.batchMax = batchMax
    this.context = context
  }

  write(record: T): void {
    if (this.failure) throw this.failure
    this.buffer.push(record)
    this.written += 1
    if (this.state !== 'idle') return
    // What the task writes in this turn of the event loop goes into one call.
    this.state = 'scheduled'
    this.context.timers.soon(() => this.callNext())
  }

  get full(): boolean {
    return this.buffer.length >= this.batchMax * bufferedBatches
  }

  async barrier(): Promise<null> {
    const count = this.written
    if (this.delivered < count && !this.failure) {
      await new Promise<void>((resolve) => this.waiting.push({ count, resolve }))
    }
    if (this.failure) throw this.failure
    return null
  }

  async commit(): Promise<void> {}

  async close(): Promise<void> {
    this.state = 'closed'
  }

  private callNext(): void {
    if (this.state === 'closed' || this.failure) return
    if (this.buffer.length === 0) {
      this.state = 'idle'
      return
    }
    this.state = 'calling'
    const wasFull = this.full
    const batch = this.buffer.splice(0, this.batchMax)
    if (wasFull && !this.full) this.context.wake()
    this.call(batch).then(
      () => this.called(batch.length),
      (cause: unknown) => this.fail(cause),
    )
  }

  private async call(batch: readonly T[]): Promise<void> {
    await this.fn(batch)
  }

  private called(count: number): void {
    this.delivered += count
    this.settleWaiting()
    this.callNext()
  }

  private fail(cause: unknown): void {
    const message = cause instanceof Error ? cause.message : String(cause)
    this.failure =
      cause instanceof MillraceError
        ? cause
        : new SinkError('FUNCTION_FAILED', `the sink's function failed: ${message}`, {
            retry: 'retry',
            cause,
          })
    this.settleWaiting()
    this.context.wake()
  }

  private settleWaiting(): void {
    const ready = this.waiting.filter(({ count }) => this.failure || count <= this.delivered)
    this.waiting = this.waiting.filter((each) => !ready.includes(each))
    for (const { resolve } of ready) resolve()
  }
}
