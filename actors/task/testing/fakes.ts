/** For tests: hand-made ends of links, sources and sink writers, and a task made of them. */
import type { Barrier, Element } from '../../../core/elements.ts'
import {
  checkpointId,
  linkId,
  taskId,
  termNumber,
  workerId,
  stepName,
  type CheckpointId,
} from '../../../core/ids.ts'
import type { Files, Ports } from '../../../core/ports/index.ts'
import { noFailpoints } from '../../../core/ports/failpoints.ts'
import { silentLog } from '../../../core/log.ts'
import { seededRandom } from '../../../core/simulated/random.ts'
import { virtualTime } from '../../../core/simulated/time.ts'
import type { SinkWriter } from '../../../operators/sink.ts'
import type { Chunk, SourceDefinition, SplitReader } from '../../../operators/source.ts'
import { ChannelRecording } from '../../../transport/channel-recording.ts'
import type { ChannelItem, ChannelState, LinkInput, LinkOutput, LinkSpec } from '../../../transport/link.ts'

export const barrier = (checkpoint: number, final = false): Barrier => ({
  kind: 'barrier',
  checkpoint: checkpointId(checkpoint),
  final,
})
export const batch = (...records: unknown[]): Element => ({ kind: 'batch', records })
export const end: Element = { kind: 'end' }

const spec = (id: number): LinkSpec => ({
  id: linkId(id),
  epoch: { term: termNumber(1), attempt: 1 },
  from: taskId(stepName('up'), id),
  fromWorker: workerId('w0'),
  to: taskId(stepName('down'), id),
  toWorker: workerId('w0'),
})

/** Takes everything; `room` is what it says of itself. */
export class FakeOutput implements LinkOutput {
  readonly spec = spec(0)
  readonly sent: Element[] = []
  readonly overtaken: CheckpointId[] = []
  readonly drained = true
  batchRecords: number
  room = Infinity
  closed = false

  constructor(batchRecords = 4) {
    this.batchRecords = batchRecords
  }
  get hasRoom(): boolean {
    return this.room > 0
  }
  sendBatch(records: readonly unknown[], times?: readonly number[]): void {
    this.room -= 1
    this.sent.push(times ? { kind: 'batch', records, times } : { kind: 'batch', records })
  }
  sendSignal(signal: Exclude<Element, { kind: 'batch' }>): void {
    this.sent.push(signal)
  }
  overtake(checkpoint: CheckpointId): void {
    this.overtaken.push(checkpoint)
  }
  get stats(): LinkOutput['stats'] {
    return { sent: this.sent.length, acknowledged: 0, queuedBytes: 0, queuedBytesMax: 0, resentFrames: 0 }
  }
  close(): void {
    this.closed = true
  }
  /** Records, and signals as text. */
  get flat(): unknown[] {
    return this.sent.flatMap((element) =>
      element.kind === 'batch' ? element.records : [signalText(element)],
    )
  }
}

export function signalText(signal: Exclude<Element, { kind: 'batch' }>): string {
  if (signal.kind === 'barrier') return `|${signal.checkpoint}${signal.final ? ' final' : ''}|`
  return signal.kind === 'watermark' ? `w${signal.atMs}${signal.idle ? ' idle' : ''}` : 'end'
}

export class FakeInput implements LinkInput {
  readonly spec: LinkSpec
  readonly queue: Element[] = []
  readonly stats = { received: 0, queuedBytes: 0, queuedBytesMax: 0, droppedStale: 0, droppedDuplicate: 0 }
  closed = false
  ahead: Barrier | undefined
  private recording: ChannelRecording | undefined

  constructor(id = 0) {
    this.spec = spec(id)
  }
  put(...elements: Element[]): this {
    this.queue.push(...elements)
    for (const element of elements) {
      this.recording?.add(element)
      if (element.kind === 'barrier') this.ahead = element
    }
    return this
  }
  record(checkpoint: CheckpointId, before: readonly ChannelItem[] = []): ChannelState {
    const recording = new ChannelRecording(this.spec, checkpoint, before)
    for (const element of this.queue) recording.add(element)
    this.recording = recording
    return recording
  }
  peek(): Element | undefined {
    return this.queue[0]
  }
  take(): Element | undefined {
    return this.queue.shift()
  }
  close(): void {
    this.closed = true
  }
}

export const chunkOf = (records: readonly unknown[], first = 0): Chunk<never> => ({
  records: records as never[],
  positionAfter: (index) => first + index + 1,
})

/** `count` numbers a split, in chunks; positions are how many were read. `read` may stand in for a reading. */
export function numberSource(options: {
  readonly count: number
  readonly chunk?: number
  readonly splits?: readonly string[]
  readonly asynchronous?: boolean
  readonly opened?: (split: string, position: unknown) => void
}): SourceDefinition<number> {
  const { count, chunk = 3, splits = ['0'], asynchronous = false } = options
  return {
    kind: 'numbers',
    replayable: true,
    deadLetters: false,
    splits: async () => splits,
    open: async (split, position) => {
      options.opened?.(split, position)
      let next = typeof position === 'number' ? position : 0
      const read = (): Chunk<number> | null => {
        if (next >= count) return null
        const first = next
        next = Math.min(count, first + chunk)
        return chunkOf(
          Array.from({ length: next - first }, (_, i) => first + i),
          first,
        )
      }
      const reader: SplitReader<number> = {
        read: asynchronous ? async () => read() : read,
        close: async () => undefined,
      }
      return reader
    },
  }
}

/** Stages what was written since the last barrier as its handle; `committed` is what is visible. */
export class FakeWriter implements SinkWriter<unknown> {
  readonly committed: unknown[] = []
  readonly commits: (readonly unknown[])[] = []
  written: unknown[] = []
  full = false
  closed = false
  /** How many of the next commits fail. */
  failures: unknown[] = []
  /** Answers of barriers wait for it. */
  sealing: Promise<void> = Promise.resolve()

  write(record: unknown): void {
    this.written.push(record)
  }
  async barrier(_checkpoint: CheckpointId): Promise<unknown> {
    const { written } = this
    this.written = []
    await this.sealing
    return written.length === 0 ? null : written
  }
  async commit(handles: readonly unknown[]): Promise<void> {
    this.commits.push(handles)
    if (this.failures.length > 0) throw this.failures.shift()
    this.committed.push(...handles.flat())
  }
  async close(): Promise<void> {
    this.closed = true
  }
}

export const fakePorts = (): Ports => {
  const time = virtualTime()
  return {
    clock: time,
    timers: time,
    random: seededRandom(1),
    files: undefined as unknown as Files,
    failpoints: noFailpoints,
    log: silentLog,
  }
}

/** Lets everything that is ready to settle do so. */
export const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i += 1) await Promise.resolve()
}
