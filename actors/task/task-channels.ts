/**
 * The channel state of one task in one checkpoint (C4): recorded while the stream goes on, encoded in slices.
 *
 * - C4: the acknowledgement waits until everything that precedes the barrier has come on every input.
 * - What is recorded is bounded (`limits.channelStateBytesMax`); beyond, or where a record fits no frame, this one
 *   checkpoint fails, and the coordinator aligns the next.
 */
import { limits } from '../../core/limits.ts'
import { ChannelStateError } from '../../snapshot/errors.ts'
import { channelLabel, type ChannelScope } from '../../snapshot/manifest.ts'
import type { ChannelState } from '../../transport/link.ts'

export interface RecordedChannel {
  readonly scope: ChannelScope
  readonly state: ChannelState
}

interface Encoding {
  readonly frames: IterableIterator<Uint8Array>
  readonly scope: ChannelScope
  readonly chunks: Uint8Array[]
}

/** Encoded in one slice: about a millisecond. */
const sliceBytes = 256 * 1024

export class TaskChannels {
  private readonly channels: readonly RecordedChannel[]
  private encodings: readonly Encoding[] | undefined
  /** The channel that is being encoded. */
  private at = 0
  private bytes = 0

  constructor(channels: readonly RecordedChannel[]) {
    this.channels = channels
  }

  /** `waiting`: for what is still on its way. Throws ChannelStateError. */
  slice(): 'working' | 'waiting' | 'done' {
    this.encodings ??= this.begin()
    if (!this.encodings) return 'waiting'
    for (let left = sliceBytes; left > 0;) {
      const encoding = this.encodings[this.at]
      if (!encoding) return 'done'
      const frame = this.next(encoding)
      if (frame) {
        encoding.chunks.push(frame)
        left -= frame.length
        this.bytes += frame.length
        this.check(this.bytes)
      } else {
        this.channels[this.at]?.state.close()
        this.at += 1
      }
    }
    return 'working'
  }

  /** Of the links on which something was on its way, once `slice` answered `done`. */
  get sections(): readonly { readonly scope: ChannelScope; readonly chunks: readonly Uint8Array[] }[] {
    return (this.encodings ?? []).filter(({ chunks }) => chunks.length > 0)
  }

  close(): void {
    for (const { state } of this.channels) state.close()
  }

  private begin(): readonly Encoding[] | undefined {
    this.check(this.channels.reduce((sum, { state }) => sum + state.bytes, 0))
    if (this.channels.some(({ state }) => !state.complete)) return undefined
    return this.channels.map(({ scope, state }) => ({ scope, frames: state.frames(), chunks: [] }))
  }

  private next({ frames, scope }: Encoding): Uint8Array | undefined {
    try {
      return frames.next().value as Uint8Array | undefined
    } catch (cause) {
      throw new ChannelStateError(
        `a record on its way on ${channelLabel(scope)} cannot be part of a checkpoint: ${(cause as Error).message}`,
        { cause, details: { link: channelLabel(scope) } },
      )
    }
  }

  private check(bytes: number): void {
    const bytesMax = limits.channelStateBytesMax
    if (bytes <= bytesMax) return
    throw new ChannelStateError(
      `expected at most ${bytesMax} bytes on their way to a task, found ${bytes}; the next checkpoint is aligned. Lower the parallelism, or raise checkpoints.alignmentTimeoutMs`,
      { details: { bytes, bytesMax } },
    )
  }
}
