/**
 * The pen of one term's coordinator.
 *
 * - E2: slots are written densely, each once, one at a time.
 * - E3: a slot taken by another ends this writer for ever (`SUPERSEDED`).
 * - E4: while the outcome of a write is unknown, nothing else is written. Creating `aborted` in the slot
 *   decides: created, the record is not in the log; taken, what stands there tells whose it is. Own bytes in
 *   the slot are an own success, however the answer got lost.
 * - E2, E4: what was written without an answer may have been sealed above and collected: then its slot looks free.
 *   Nothing is created there, and an `aborted` below a seal decides nothing.
 */
import type { Term } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import { LogError, StoreError, SupersededError } from '../errors.ts'
import type { SlotStore } from '../store.ts'
import { placeLabel, type SlotRecord } from './record.ts'
import { decodeSlot, encodeSlot } from './slot-format.ts'
import { sameBytes } from './same-bytes.ts'

export type AppendOutcome =
  /** The record is in the log, durably. */
  | { readonly kind: 'created'; readonly slot: number }
  /** The record is not in the log and never will be; the term goes on. */
  | { readonly kind: 'failed'; readonly error: unknown }

type WriterState =
  | { readonly kind: 'open' }
  | { readonly kind: 'writing' }
  | { readonly kind: 'undecided'; readonly bytes: Uint8Array; readonly error: unknown }
  | { readonly kind: 'superseded'; readonly error: SupersededError }

const abortedBytes = encodeSlot({ kind: 'aborted' })

export class TermWriter {
  readonly term: Term
  private readonly slots: SlotStore
  private slot: number
  private state: WriterState = { kind: 'open' }

  /** `next`: the first slot that this term has not used. */
  constructor(slots: SlotStore, term: Term, next: number) {
    this.slots = slots
    this.term = term
    this.slot = next
  }

  /**
   * Rejects with `SupersededError` (for good) or with `SLOT_UNDECIDED`: then call `decide` until it answers.
   */
  async append(record: SlotRecord): Promise<AppendOutcome> {
    if (this.state.kind === 'superseded') throw this.state.error
    invariant(this.state.kind === 'open', `E4: a slot of term ${this.term} is ${this.state.kind}`)
    const bytes = this.encode(record)
    if (!(bytes instanceof Uint8Array)) return bytes
    this.state = { kind: 'writing' }
    try {
      const outcome = await this.slots.create(this.term, this.slot, bytes)
      if (outcome === 'created') return this.advance({ kind: 'created', slot: this.slot })
    } catch (error) {
      if (error instanceof StoreError && error.notCreated) {
        this.state = { kind: 'open' }
        return { kind: 'failed', error }
      }
      this.state = { kind: 'undecided', bytes, error }
      return this.decide()
    }
    this.state = { kind: 'undecided', bytes, error: undefined }
    return this.settle(bytes, undefined)
  }

  /** E4: what became of the write whose outcome was unknown. Rejects as `append` does. */
  async decide(): Promise<AppendOutcome> {
    const { state } = this
    if (state.kind === 'superseded') throw state.error
    invariant(state.kind === 'undecided', `E4: no slot of term ${this.term} is undecided (${state.kind})`)
    const { bytes, error } = state
    this.state = { kind: 'writing' }
    try {
      // Also where a seal stands above: what is answered 'taken' is durable, what was only read may not be.
      if (!(await this.isCollected())) await this.slots.create(this.term, this.slot, abortedBytes)
    } catch (cause) {
      throw this.undecided(bytes, error ?? cause, cause)
    }
    return this.settle(bytes, error)
  }

  /** The slot is taken, durably, or was collected: by whom? */
  private async settle(bytes: Uint8Array, error: unknown): Promise<AppendOutcome> {
    let found: Uint8Array | null
    let aborted: boolean
    try {
      found = await this.slots.read(this.term, this.slot)
      // Below a seal it may be the second that stands here, if the first was collected after we looked.
      aborted = found !== null && sameBytes(found, abortedBytes) && !(await this.isSealedAbove())
    } catch (cause) {
      throw this.undecided(bytes, error ?? cause, cause)
    }
    if (found && sameBytes(found, bytes)) return this.advance({ kind: 'created', slot: this.slot })
    if (aborted) return this.advance({ kind: 'failed', error })
    const superseded = new SupersededError(this.term, this.describe(found))
    this.state = { kind: 'superseded', error: superseded }
    throw superseded
  }

  private async isCollected(): Promise<boolean> {
    return (await this.isSealedAbove()) && (await this.slots.read(this.term, this.slot)) === null
  }

  /** Slots are dense, and seals stay: what another wrote above this one stands right above it. */
  private async isSealedAbove(): Promise<boolean> {
    return (await this.slots.read(this.term, this.slot + 1)) !== null
  }

  private advance(outcome: AppendOutcome): AppendOutcome {
    this.slot += 1
    this.state = { kind: 'open' }
    return outcome
  }

  private undecided(bytes: Uint8Array, error: unknown, cause: unknown): LogError {
    this.state = { kind: 'undecided', bytes, error }
    const place = { term: this.term, slot: this.slot }
    return new LogError(
      'SLOT_UNDECIDED',
      `whether log slot ${placeLabel(place)} was written is unknown: ${messageOf(cause)}; nothing else is done until the store answers`,
      { retry: 'retry', cause, details: place },
    )
  }

  private encode(record: SlotRecord): Uint8Array | AppendOutcome {
    try {
      return encodeSlot(record)
    } catch (error) {
      return { kind: 'failed', error }
    }
  }

  private describe(found: Uint8Array | null): string {
    if (!found) return `slot ${this.slot} taken and then removed`
    if (sameBytes(found, abortedBytes)) return `a seal above slot ${this.slot}`
    try {
      const record = decodeSlot(found, { term: this.term, slot: this.slot })
      if (record.kind === 'sealed') return `a seal by term ${record.byTerm}`
      return `a '${record.kind}' record of another in slot ${this.slot}`
    } catch {
      return `a damaged record in slot ${this.slot}`
    }
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
