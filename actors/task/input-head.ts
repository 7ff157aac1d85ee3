/**
 * A task behind links: takes elements from its inputs in turn.
 *
 * - C2: an input on which the barrier came waits until it came on every other (`snapshot/alignment`).
 * - C4: a barrier that overtakes is taken as soon as it is known on one input. What waits below it, the rest of the
 *   batch that is being worked on included, is channel state.
 * - C10: an ended input still carries barriers; when every input ended, the task's own end begins.
 */
import { batchAfter, type Batch, type Element, type Watermark } from '../../core/elements.ts'
import type { CheckpointId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import { Alignment } from '../../snapshot/alignment.ts'
import type { LinkInput } from '../../transport/link.ts'
import type { Cursor, Drain } from './fused-loop.ts'
import type { Head, HeadEvents, HeadTarget } from './head.ts'
import { InputWatermarks } from './input-watermarks.ts'

export class InputHead implements Head {
  private readonly inputs: readonly LinkInput[]
  private readonly target: HeadTarget
  /** Of each link, by which of the head step's inputs it leads to. */
  private readonly drains: readonly Drain[]
  private readonly events: HeadEvents
  private readonly alignment: Alignment
  private readonly ended: boolean[]
  private readonly watermarks: InputWatermarks
  /** Stays until the next element is taken: what its last record left to pull may fail yet. */
  private batch: Batch | undefined
  private readonly cursor: Cursor = { index: 0 }
  /** The input that `batch` came from, and where the search for the next element starts. */
  private at = 0

  /**
   * `second`: the indexes of the links that lead to the second input of a step of two. `timed`: per link, whether
   * event time comes on it.
   */
  constructor(
    inputs: readonly LinkInput[],
    target: HeadTarget,
    events: HeadEvents,
    second: ReadonlySet<number> = new Set(),
    timed: readonly boolean[] = inputs.map(() => true),
  ) {
    invariant(inputs.length > 0, 'a task behind links has inputs')
    invariant(second.size === 0 || target.drainSecond !== undefined, 'only a step of two inputs has a second')
    this.inputs = inputs
    this.drains = inputs.map((_, i) => (second.has(i) ? target.drainSecond : undefined) ?? target.drain)
    this.target = target
    this.events = events
    this.alignment = new Alignment(inputs.length)
    this.ended = inputs.map(() => false)
    this.watermarks = new InputWatermarks(timed)
  }

  get lastRecord(): unknown {
    return this.batch?.records[this.cursor.index - 1]
  }

  work(max: number): number {
    if (this.batch && this.cursor.index < this.batch.records.length) return this.records(this.batch, max)
    if (!this.nextElement()) return 0
    return this.batch ? this.records(this.batch, max) : 1
  }

  position(): string {
    return `record ${this.cursor.index} of a batch from ${this.inputs[this.at]?.spec.from ?? '?'}`
  }

  sections(): readonly [] {
    return []
  }

  overtake(checkpoint: CheckpointId): boolean {
    const known =
      this.alignment.aligning === checkpoint ||
      this.inputs.some(({ ahead }) => ahead?.checkpoint === checkpoint)
    if (!known) return false
    const outcome = this.alignment.overtake(checkpoint)
    if (outcome.kind === 'skip') return false
    this.events.barrier(
      { kind: 'barrier', checkpoint, final: false },
      outcome.recorded.flatMap((input) => {
        const state = this.inputs[input]?.record(checkpoint, this.rest(input))
        return state ? [{ input, state }] : []
      }),
    )
    return true
  }

  abort(checkpoint: CheckpointId): void {
    this.alignment.abort(checkpoint)
  }

  close(): Promise<void> {
    for (const input of this.inputs) input.close()
    return Promise.resolve()
  }

  private records(batch: Batch, max: number): number {
    const { records, times } = batch
    const { cursor, target } = this
    const from = cursor.index
    const drain = this.drains[this.at] ?? target.drain
    drain(records, cursor, Math.min(records.length, from + max), target.gate, times)
    return cursor.index - from
  }

  /** What was taken from the input and not worked on. */
  private rest(input: number): readonly Batch[] {
    const { batch, cursor } = this
    if (!batch || input !== this.at || cursor.index >= batch.records.length) return []
    return [batchAfter(batch, cursor.index)]
  }

  /** Takes one element from the next input that has one and is not held; false when none has. */
  private nextElement(): boolean {
    const { length } = this.inputs
    for (let tried = 0; tried < length; tried += 1) {
      this.at = this.at + 1 >= length ? 0 : this.at + 1
      if (this.alignment.isHeld(this.at)) continue
      const element = this.inputs[this.at]?.take()
      if (!element) continue
      this.take(this.at, element)
      return true
    }
    return false
  }

  private take(input: number, element: Element): void {
    this.batch = undefined
    this.cursor.index = 0
    switch (element.kind) {
      case 'batch':
        invariant(this.ended[input] === false, 'C10: no record follows an end')
        this.forward(this.watermarks.records(input))
        this.batch = element
        break
      case 'watermark':
        this.forward(this.watermarks.watermark(input, element))
        break
      case 'barrier': {
        const outcome = this.alignment.barrier(input, element)
        if (outcome.kind === 'aligned') this.events.barrier(element)
        else if (outcome.kind !== 'skip') this.events.aligning(element)
        break
      }
      case 'end':
        this.ended[input] = true
        if (!this.ended.every(Boolean)) this.forward(this.watermarks.end(input))
        else {
          this.forward(this.watermarks.last(input))
          this.events.ended()
        }
    }
  }

  private forward(changed: Watermark | undefined): void {
    if (changed) this.events.watermark(changed)
  }
}
