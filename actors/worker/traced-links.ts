/** Links that tell a trace what passes over them (`core/ports/trace.ts`). */
import { elementCount, type Barrier, type Element, type Signal } from '../../core/elements.ts'
import type { CheckpointId } from '../../core/ids.ts'
import type { Trace, TracedElement, TracedLink } from '../../core/ports/trace.ts'
import { readFrame } from '../../transport/frame/index.ts'
import type {
  ChannelItem,
  ChannelState,
  LinkInput,
  LinkInputStats,
  LinkOutput,
  LinkOutputStats,
  LinkSpec,
} from '../../transport/link.ts'

export class TracedOutput implements LinkOutput {
  readonly spec: LinkSpec
  private readonly link: LinkOutput
  private readonly trace: Trace
  private readonly about: TracedLink

  constructor(link: LinkOutput, trace: Trace) {
    this.link = link
    this.trace = trace
    this.spec = link.spec
    this.about = linkOf(link.spec)
  }

  get batchRecords(): number {
    return this.link.batchRecords
  }

  get hasRoom(): boolean {
    return this.link.hasRoom
  }

  get drained(): boolean {
    return this.link.drained
  }

  get stats(): LinkOutputStats {
    return this.link.stats
  }

  sendBatch(records: readonly unknown[], times?: readonly number[]): void {
    this.link.sendBatch(records, times)
    this.sent({ kind: 'batch', count: records.length })
  }

  sendSignal(signal: Signal): void {
    this.link.sendSignal(signal)
    this.sent(tracedOf(signal))
  }

  overtake(checkpoint: CheckpointId): void {
    this.link.overtake(checkpoint)
  }

  close(): void {
    this.link.close()
  }

  private sent(element: TracedElement): void {
    this.trace({ kind: 'sent', ...this.about, element, number: this.link.stats.sent })
  }
}

export class TracedInput implements LinkInput {
  readonly spec: LinkSpec
  private readonly link: LinkInput
  private readonly trace: Trace
  private readonly about: TracedLink
  private number = 0

  constructor(link: LinkInput, trace: Trace) {
    this.link = link
    this.trace = trace
    this.spec = link.spec
    this.about = linkOf(link.spec)
  }

  get ahead(): Barrier | undefined {
    return this.link.ahead
  }

  get stats(): LinkInputStats {
    return this.link.stats
  }

  peek(): Element | undefined {
    return this.link.peek()
  }

  take(): Element | undefined {
    const element = this.link.take()
    if (!element) return undefined
    this.number += elementCount(element)
    this.trace({ kind: 'taken', ...this.about, element: tracedOf(element), number: this.number })
    return element
  }

  record(checkpoint: CheckpointId, before: readonly ChannelItem[] = []): ChannelState {
    const items = before.reduce((sum, item) => sum + countOf(item), 0)
    this.trace({ kind: 'recorded', ...this.about, checkpoint, before: items })
    const stored = (elements: number): void =>
      this.trace({ kind: 'stored', ...this.about, checkpoint, elements })
    return new TracedChannel(this.link.record(checkpoint, before), stored)
  }

  close(): void {
    this.link.close()
  }
}

class TracedChannel implements ChannelState {
  private readonly channel: ChannelState
  private readonly stored: (elements: number) => void

  constructor(channel: ChannelState, stored: (elements: number) => void) {
    this.channel = channel
    this.stored = stored
  }

  get complete(): boolean {
    return this.channel.complete
  }

  get bytes(): number {
    return this.channel.bytes
  }

  *frames(): IterableIterator<Uint8Array> {
    let elements = 0
    for (const bytes of this.channel.frames()) {
      const frame = readFrame(bytes)
      elements += frame.kind === 'batch' ? frame.count : 1
      yield bytes
    }
    this.stored(elements)
  }

  close(): void {
    this.channel.close()
  }
}

function countOf(item: ChannelItem): number {
  if (item.kind !== 'batch') return 1
  return 'payload' in item ? item.count : item.records.length
}

const linkOf = ({ epoch, id, from, to }: LinkSpec): TracedLink => ({ epoch, link: id, from, to })

function tracedOf(element: Element): TracedElement {
  switch (element.kind) {
    case 'batch':
      return { kind: 'batch', count: element.records.length }
    case 'watermark':
      return { kind: 'watermark', atMs: element.atMs }
    case 'barrier':
      return { kind: 'barrier', checkpoint: element.checkpoint }
    case 'end':
      return { kind: 'end' }
  }
}
