/**
 * The input of a restored task (C4): what was on its way when the checkpoint was taken comes before anything that its
 * link brings. It has no numbers on that link, and is channel state again as long as it is not taken.
 */
import type { Barrier, Element } from '../../core/elements.ts'
import type { CheckpointId } from '../../core/ids.ts'
import { elementOf } from '../../transport/channel-recording.ts'
import type {
  ChannelFrame,
  ChannelItem,
  ChannelState,
  LinkInput,
  LinkInputStats,
  LinkSpec,
} from '../../transport/link.ts'

export class ReplayedInput implements LinkInput {
  private readonly link: LinkInput
  private readonly frames: ChannelFrame[]
  private head: Element | undefined

  constructor(link: LinkInput, frames: readonly ChannelFrame[]) {
    this.link = link
    this.frames = [...frames].reverse()
  }

  get spec(): LinkSpec {
    return this.link.spec
  }

  get stats(): LinkInputStats {
    return this.link.stats
  }

  get ahead(): Barrier | undefined {
    return this.link.ahead
  }

  peek(): Element | undefined {
    const frame = this.frames.at(-1)
    if (!frame) return this.link.peek()
    this.head ??= elementOf(frame)
    return this.head
  }

  take(): Element | undefined {
    const element = this.peek()
    if (this.frames.length === 0) return this.link.take()
    this.frames.pop()
    this.head = undefined
    return element
  }

  record(checkpoint: CheckpointId, before: readonly ChannelItem[] = []): ChannelState {
    return this.link.record(checkpoint, [...before, ...[...this.frames].reverse()])
  }

  close(): void {
    this.link.close()
  }
}
