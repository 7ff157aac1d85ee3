/**
 * A source's task: drains the chunks of its splits.
 *
 * - S1: the position in a snapshot is the one after the last record that entered the chain.
 * - C1: a barrier is put between two invocations.
 * - Splits are read in turn, a chunk each, so that none starves another or holds the watermark back for longer
 *   than it takes to read.
 * - C10: "ended" is part of a split's state: a restored ended split is not opened again, and the task sends
 *   its end again.
 */
import { decodeValue, encodeValue } from '../../core/codec/index.ts'
import type { Barrier } from '../../core/elements.ts'
import type { CheckpointId, StepName } from '../../core/ids.ts'
import { BadRecord, type SourceContext, type SourceDefinition } from '../../operators/source.ts'
import { deadLetterOf } from '../../operators/steps/poison.ts'
import type { Emit, SplitRegister } from '../../operators/operator.ts'
import { StateError } from '../../operators/state/errors.ts'
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
  /** Kept for the steps behind the source, in the order of `splits`. */
  readonly register: SplitRegister
  readonly wake: () => void
  readonly deadLetters: Emit
  readonly beforeBarrier: (barrier: Barrier) => void
}

export class SourceHead implements Head {
  private readonly options: SourceHeadOptions
  private readonly target: HeadTarget
  private readonly events: HeadEvents
  private readonly feeds: readonly SplitFeed[]
  /** Splits being read, in the order of their turns: indexes of `feeds`. */
  private readonly open: number[]
  /** Those whose turn comes when one of the others has ended. */
  private readonly waiting: number[]
  /** The split that was read last. */
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
    this.waiting = [...this.feeds.keys()]
    this.open = this.waiting.splice(0, options.definition.splitsAtOnce ?? Infinity)
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
    const { open, feeds, options } = this
    for (let tried = 0; tried < open.length;) {
      const index = open[0] as number
      const feed = feeds[index] as SplitFeed
      options.register.visits[index] = (options.register.visits[index] ?? 0) + 1
      if (feed.fill()) return this.readFrom(index, feed, max)
      if (feed.ended) this.splitEnded(index)
      else {
        this.nextTurn()
        tried += 1
      }
    }
    if (open.length > 0 || this.saidEnded) return 0
    this.saidEnded = true
    this.events.ended()
    return 1
  }

  private readFrom(index: number, feed: SplitFeed, max: number): number {
    this.current = index
    this.options.register.current = index
    const done = this.drain(feed, max)
    if (!feed.hasRecords) this.nextTurn()
    return done
  }

  private nextTurn(): void {
    this.open.push(this.open.shift() as number)
  }

  private splitEnded(index: number): void {
    this.options.register.ended[index] = true
    this.open.shift()
    const next = this.waiting.shift()
    if (next !== undefined) this.open.push(next)
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

/** Throws StateError `STATE_DAMAGED` for what is no split's state. */
export function readSplitState(step: StepName, bytes: Uint8Array): SplitState {
  const damaged = (cause?: unknown): StateError =>
    new StateError('STATE_DAMAGED', `the position of a split of '${step}' cannot be read`, {
      retry: 'fatal',
      cause,
      details: { step },
    })
  let found: unknown
  try {
    found = decodeValue(bytes)
  } catch (cause) {
    throw damaged(cause)
  }
  const { ended, records } = (found ?? {}) as Partial<SplitState>
  if (typeof ended !== 'boolean' || !Number.isSafeInteger(records)) throw damaged()
  return found as SplitState
}
