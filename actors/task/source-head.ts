/**
 * A source's task: drains the chunks of its splits.
 *
 * - S1: the position in a snapshot is the one after the last record that entered the chain.
 * - C1: a barrier is put between two invocations.
 * - C10: "ended" is part of a split's state: a restored ended split is not opened again, and the task sends
 *   its end again.
 */
import { decodeValue, encodeValue } from '../../core/codec/index.ts'
import type { Barrier } from '../../core/elements.ts'
import type { CheckpointId, StepName } from '../../core/ids.ts'
import { BadRecord, type SourceContext, type SourceDefinition } from '../../operators/source.ts'
import { deadLetterOf } from '../../operators/steps/poison.ts'
import type { Emit } from '../../operators/operator.ts'
import { isOpen } from './gate.ts'
import type { Head, HeadEvents, HeadTarget } from './head.ts'
import type { SectionDraft } from './sections.ts'
import { SplitFeed, type SplitState } from './split-feed.ts'

export interface SourceHeadOptions {
  readonly step: StepName
  readonly definition: SourceDefinition<unknown>
  readonly context: SourceContext
  /** This task's splits, with what the checkpoint holds of them. */
  readonly splits: readonly { readonly split: string; readonly state: SplitState }[]
  readonly wake: () => void
  readonly deadLetters: Emit
  readonly beforeBarrier: (barrier: Barrier) => void
}

export class SourceHead implements Head {
  private readonly options: SourceHeadOptions
  private readonly target: HeadTarget
  private readonly events: HeadEvents
  private readonly feeds: readonly SplitFeed[]
  private current = 0
  private pending: Barrier | undefined
  /** Newest checkpoint whose barrier went out or was given up. */
  private over = 0
  private saidEnded = false
  private stopping = false

  constructor(options: SourceHeadOptions, target: HeadTarget, events: HeadEvents) {
    this.target = target
    this.options = options
    this.events = events
    this.feeds = options.splits.map(
      ({ split, state }) =>
        new SplitFeed({
          split,
          state,
          open: (position) => options.definition.open(split, position, options.context),
          wake: options.wake,
        }),
    )
  }

  /**
   * C1: the barrier goes out before the next record; a newer one replaces one that has not yet gone. L6: one
   * that has gone or was given up is not repeated; its position would be another.
   */
  trigger(barrier: Barrier, stop = false): void {
    this.stopping ||= stop
    if (barrier.checkpoint <= this.over) return
    if (!this.pending || barrier.checkpoint > this.pending.checkpoint) this.pending = barrier
    this.options.wake()
  }

  get lastRecord(): unknown {
    const feed = this.feeds[this.current]
    return feed?.records[feed.cursor.index - 1]
  }

  /** Since the job's first start; replayed records count once. */
  get recordsRead(): number {
    return this.feeds.reduce((sum, feed) => sum + feed.recordsRead, 0)
  }

  work(max: number): number {
    const { pending } = this
    if (pending && (!pending.final || this.saidEnded)) {
      this.putBarrier(pending)
      return 1
    }
    // A job that stops reads nothing more: its next start would read it again.
    if (this.stopping) return 0
    return this.read(max)
  }

  /** C4: a source has no channels; its barrier need not wait for room. */
  overtake(checkpoint: CheckpointId): boolean {
    const { pending } = this
    if (pending?.checkpoint !== checkpoint || pending.final) return false
    this.putBarrier(pending)
    return true
  }

  position(): string {
    const feed = this.feeds[this.current]
    return feed ? `split '${feed.split}', ${feed.describe()}` : 'no split'
  }

  sections(): readonly SectionDraft[] {
    return this.feeds.map((feed) => ({
      step: this.options.step,
      version: 1,
      scope: { kind: 'split', split: feed.split },
      chunks: [encodeValue(feed.state())],
    }))
  }

  abort(checkpoint: number): void {
    this.over = Math.max(this.over, checkpoint)
    if (this.pending && this.pending.checkpoint <= this.over) this.pending = undefined
  }

  async close(): Promise<void> {
    await Promise.all(this.feeds.map((feed) => feed.close()))
  }

  private putBarrier(barrier: Barrier): void {
    this.options.beforeBarrier(barrier)
    this.pending = undefined
    this.over = barrier.checkpoint
    this.events.barrier(barrier)
  }

  private read(max: number): number {
    for (let tried = 0; tried <= this.feeds.length; tried += 1) {
      const feed = this.feeds[this.current]
      if (!feed) break
      if (feed.fill()) return this.drain(feed, max)
      if (!feed.ended) return 0
      this.current += 1
    }
    if (this.current < this.feeds.length || this.saidEnded) return 0
    this.saidEnded = true
    this.events.ended()
    return 1
  }

  private drain(feed: SplitFeed, max: number): number {
    const { records, cursor } = feed
    const { drain, gate } = this.target
    const from = cursor.index
    const until = Math.min(records.length, from + max)
    if (!this.options.definition.deadLetters) drain(records, cursor, until, gate)
    else {
      while (cursor.index < until && isOpen(gate)) {
        const next = records[cursor.index]
        if (next instanceof BadRecord) {
          cursor.index += 1
          this.options.deadLetters(deadLetterOf(this.options.step, next.error, next.raw))
        } else drain(records, cursor, cursor.index + 1, gate)
      }
    }
    return cursor.index - from
  }
}

export const readSplitState = (bytes: Uint8Array): SplitState => decodeValue(bytes) as SplitState
