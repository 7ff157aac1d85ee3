import { toText } from '../text.ts'
import type { SinkContext, SinkDefinition, SinkWriter } from '../sink.ts'
import { SinkError } from './errors.ts'
import { writeToStandardStream } from './system/console.ts'

export interface ConsoleOptions {
  /** Receives each line, without its line break; default: standard output (standard error under `--json`). */
  readonly write?: (line: string) => void
}

/** Where text goes; calls `done` once, when it is there. */
export type TextOutput = (text: string, done: (error?: Error | null) => void) => void

/** One line a record: strings as they are, anything else as JSON. At-least-once. */
export function toConsole<T = unknown>(options: ConsoleOptions = {}): SinkDefinition<T> {
  const output = options.write ? eachLine(options.write) : writeToStandardStream
  return {
    kind: 'console',
    guarantee: 'at-least-once',
    guaranteeReason: 'lines appear at once, and again when records are replayed after a failure',
    open: async (context) => new ConsoleWriter<T>(output, context),
  }
}

const eachLine =
  (write: (line: string) => void): TextOutput =>
  (text, done) => {
    for (const line of text.slice(0, -1).split('\n')) write(line)
    done()
  }

const flushChars = 64 * 1024
const pendingCharsMax = 1024 * 1024

/** Lines of one turn of the event loop travel together. */
class ConsoleWriter<T> implements SinkWriter<T> {
  private readonly output: TextOutput
  private readonly context: SinkContext
  private text = ''
  private pendingChars = 0
  private scheduled = false
  private failure: SinkError | undefined
  private idle: (() => void)[] = []

  constructor(output: TextOutput, context: SinkContext) {
    this.output = output
    this.context = context
  }

  write(record: T): void {
    if (this.failure) throw this.failure
    this.text += lineOf(record) + '\n'
    if (this.text.length >= flushChars) this.flush()
    else this.flushSoon()
  }

  get full(): boolean {
    return this.pendingChars >= pendingCharsMax
  }

  async barrier(): Promise<null> {
    this.flush()
    if (this.pendingChars > 0) await new Promise<void>((resolve) => this.idle.push(resolve))
    if (this.failure) throw this.failure
    return null
  }

  async commit(): Promise<void> {}

  async close(): Promise<void> {
    if (!this.failure) await this.barrier()
  }

  private flushSoon(): void {
    if (this.scheduled) return
    this.scheduled = true
    this.context.timers.soon(() => {
      this.scheduled = false
      this.flush()
    })
  }

  private flush(): void {
    const { text } = this
    if (text === '' || this.failure) return
    this.text = ''
    this.pendingChars += text.length
    try {
      this.output(text, (error) => this.written(text.length, error))
    } catch (cause) {
      this.written(text.length, cause)
    }
  }

  private written(chars: number, error: unknown): void {
    const wasFull = this.full
    this.pendingChars -= chars
    if (error) this.fail(error)
    if (error || (wasFull && !this.full)) this.context.wake()
    if (this.pendingChars > 0) return
    const { idle } = this
    this.idle = []
    for (const resolve of idle) resolve()
  }

  private fail(cause: unknown): void {
    const message = cause instanceof Error ? cause.message : toText(cause)
    this.failure ??= new SinkError('CONSOLE_FAILED', `lines cannot be written: ${message}`, {
      retry: 'retry',
      cause,
    })
  }
}

function lineOf(record: unknown): string {
  if (typeof record === 'string') return record
  try {
    return JSON.stringify(record, readable) ?? String(record)
  } catch {
    return toText(record)
  }
}

/** For people, so nothing is refused. */
function readable(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, inner]) => [toText(key), inner]))
  if (value instanceof Set) return [...value]
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  return value
}
