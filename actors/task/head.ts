/** Where a task's invocations come from: links, or a source's splits. */
import type { Barrier, Watermark } from '../../core/elements.ts'
import type { CheckpointId } from '../../core/ids.ts'
import type { ChannelState } from '../../transport/link.ts'
import type { Drain } from './fused-loop.ts'
import type { Gate } from './gate.ts'
import type { SectionDraft } from './sections.ts'

export interface Head {
  /** Runs at most `max` invocations, fewer when the gate closes or something is left to pull; returns how many. */
  work(max: number): number
  /** What the last record was and where it came from, for error messages. */
  position(): string
  /** The record being worked on, for telling a poison record. */
  readonly lastRecord: unknown
  /** The head step's own state at a barrier (a source's positions). */
  sections(): readonly SectionDraft[]
  /**
   * C4: takes the barrier of `checkpoint` before its turn, if it is known and not over; called between invocations,
   * also while an output has no room. True when it was taken.
   */
  overtake(checkpoint: CheckpointId): boolean
  /** Gives up an alignment (C2). */
  abort(checkpoint: CheckpointId): void
  close(): Promise<void>
}

/** What a head feeds: the chain's loop, and the gate that it heeds (T1). */
export interface HeadTarget {
  readonly drain: Drain
  /** For what comes on the second input of a step that has two. */
  readonly drainSecond?: Drain | undefined
  readonly gate: Gate
}

/** What a head tells its task, always between invocations. */
export interface HeadEvents {
  /** C2: barrier on every input, or a source's trigger. C4: with what precedes it on each input, if it overtook. */
  readonly barrier: (barrier: Barrier, channels?: readonly HeadChannel[]) => void
  /** The barrier came on some inputs, which now wait for the others. */
  readonly aligning: (barrier: Barrier) => void
  /** The watermark of all inputs together rose, or they fell idle, or came back. */
  readonly watermark: (watermark: Watermark) => void
  /** Every input or split ended (C10); the task then runs `onEnd` before the head is asked again. */
  readonly ended: () => void
}

export interface HeadChannel {
  /** Index of the input. */
  readonly input: number
  readonly state: ChannelState
}
