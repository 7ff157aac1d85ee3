/**
 * Barrier alignment of one task over its inputs.
 *
 * - C2: after barrier *n* on one input, that input is held until barrier *n* came on every other.
 * - C2: a newer barrier ends an older alignment without a snapshot and releases its inputs.
 * - C2: a barrier not newer than the last taken or dropped is skipped, as is one older than the alignment
 *   that runs.
 *
 * - C4: a barrier that overtakes ends the alignment at once, with a snapshot: what precedes it on an input where it
 *   was not taken is channel state, and when it comes there it is skipped.
 *
 * An input that ended still carries barriers (C10), so every input counts, always.
 */
import type { Barrier } from '../core/elements.ts'
import type { CheckpointId } from '../core/ids.ts'
import { invariant } from '../core/invariant.ts'

export type AlignmentOutcome =
  /** This input is now held. */
  | { readonly kind: 'wait' }
  /** The barrier came on every input: capture, forward it, go on; `release` were held, this one was not. */
  | {
      readonly kind: 'aligned'
      readonly checkpoint: CheckpointId
      readonly final: boolean
      readonly release: readonly number[]
    }
  /** Capture, forward it, go on; `recorded` are the inputs on which it was not taken. */
  | { readonly kind: 'overtaken'; readonly checkpoint: CheckpointId; readonly recorded: readonly number[] }
  /** The barrier means nothing any more; nothing changed. */
  | { readonly kind: 'skip' }
  /** `dropped` will never be taken here and its inputs go on; this input is now held for the newer one. */
  | { readonly kind: 'superseded'; readonly dropped: CheckpointId; readonly release: readonly number[] }

const wait: AlignmentOutcome = { kind: 'wait' }
const skip: AlignmentOutcome = { kind: 'skip' }

export class Alignment {
  private readonly held: boolean[]
  private heldCount = 0
  /** The barrier that some inputs wait for. */
  private current: Barrier | undefined
  /** Newest checkpoint taken or dropped. */
  private over = 0

  constructor(inputs: number) {
    invariant(inputs >= 1, `C2: a task that aligns has inputs, got ${inputs}`)
    this.held = Array.from({ length: inputs }, () => false)
  }

  /** Per element: a held input delivers nothing. */
  isHeld(input: number): boolean {
    return this.held[input] === true
  }

  /** The checkpoint that waits for barriers, if any. */
  get aligning(): CheckpointId | null {
    return this.current?.checkpoint ?? null
  }

  /** The inputs on which the barrier of `aligning` has not come. */
  missing(): number[] {
    if (!this.current) return []
    return [...this.held.keys()].filter((input) => this.held[input] === false)
  }

  barrier(input: number, barrier: Pick<Barrier, 'checkpoint' | 'final'>): AlignmentOutcome {
    invariant(input in this.held, `C2: input ${input} of ${this.held.length}`)
    invariant(this.held[input] === false, `C2: held input ${input} delivered a barrier`)
    const { checkpoint, final } = barrier
    const { current } = this
    if (checkpoint <= this.over || (current && checkpoint < current.checkpoint)) return skip
    if (current && checkpoint === current.checkpoint) {
      invariant(final === current.final, `C10: checkpoint ${checkpoint} is final on every input or on none`)
      return this.hold(input) ?? wait
    }
    const release = this.end(current?.checkpoint ?? this.over)
    this.current = { kind: 'barrier', checkpoint, final }
    const aligned = this.hold(input)
    if (aligned) return aligned
    return current ? { kind: 'superseded', dropped: current.checkpoint, release } : wait
  }

  /** C4: the barrier of `checkpoint`, which came on some input or is known to be on its way, overtakes. */
  overtake(checkpoint: CheckpointId): Extract<AlignmentOutcome, { kind: 'overtaken' | 'skip' }> {
    const { current } = this
    if (checkpoint <= this.over || (current && checkpoint < current.checkpoint)) return { kind: 'skip' }
    invariant(
      current?.checkpoint !== checkpoint || !current.final,
      `C10: final checkpoint ${checkpoint} is aligned`,
    )
    const came = current?.checkpoint === checkpoint ? [...this.held] : []
    this.end(checkpoint)
    return { kind: 'overtaken', checkpoint, recorded: [...this.held.keys()].filter((input) => !came[input]) }
  }

  /** The coordinator gave `checkpoint` up. Returns the inputs that go on; nothing when it was over already. */
  abort(checkpoint: CheckpointId): readonly number[] {
    if (checkpoint <= this.over || (this.current && checkpoint < this.current.checkpoint)) return []
    return this.end(checkpoint)
  }

  /** Holds the input, or ends the alignment when it was the last one. */
  private hold(input: number): AlignmentOutcome | undefined {
    const { current } = this
    if (!current || this.heldCount + 1 < this.held.length) {
      this.held[input] = true
      this.heldCount += 1
      return undefined
    }
    const { checkpoint, final } = current
    return { kind: 'aligned', checkpoint, final, release: this.end(checkpoint) }
  }

  private end(over: number): number[] {
    const release = [...this.held.keys()].filter((input) => this.held[input])
    this.held.fill(false)
    this.heldCount = 0
    this.current = undefined
    this.over = over
    return release
  }
}
