/**
 * Where checkpoints live: the job log, which is the only truth about terms and completed checkpoints (E1),
 * and the parts that its manifests name. Stores only store; decisions are in `log/`, `recovery.ts` and
 * `retention.ts`.
 */
import type { Term } from '../core/ids.ts'
import type { Files } from '../core/ports/files.ts'

export interface CheckpointStore {
  readonly log: SlotStore
  readonly parts: PartStore
  /**
   * How another process on this machine opens the same store; null when only this process can reach it.
   * `openStore(address)` is the inverse.
   */
  readonly address: string | null
  /** Removes what unfinished writes of these terms left behind; only terms that are over (`deadTerms`). */
  sweep(terms: readonly Term[]): Promise<void>
  close(): Promise<void>
}

/** `log/<term>/<slot>`: dense slots, each created once, never changed (E2). */
export interface SlotStore {
  /** Terms that exist, ascending. */
  terms(): Promise<readonly Term[]>
  /** Slot numbers of a term, ascending. */
  slots(term: Term): Promise<readonly number[]>
  /**
   * Durable on return. 'taken' when the slot exists, durably, whoever wrote it. A throw leaves the outcome
   * unknown (E4), except a `StoreError` with `notCreated`.
   */
  create(term: Term, slot: number, bytes: Uint8Array): Promise<'created' | 'taken'>
  /** Null when absent. Rejects with a `LogError` when it is there and cannot be read: damaged is not absent. */
  read(term: Term, slot: number): Promise<Uint8Array | null>
  /** Only what retention names; never slot 0 or a seal. Durable on return; absent is fine. */
  remove(term: Term, slot: number): Promise<void>
}

/** A store that is not open yet: what `run` is given. */
export interface StoreDefinition {
  /** `file`, `memory` …: for messages. */
  readonly kind: string
  /** Rejects with a `StoreError` when the store cannot be used. */
  open(files: Files): Promise<CheckpointStore>
}

/** State parts, named by (epoch, checkpoint, task): never overwritten (E6). */
export interface PartStore {
  /** Durable on return (C5). Rejects with `PART_EXISTS` when the name is taken. */
  put(name: string, chunks: readonly Uint8Array[]): Promise<void>
  /** Rejects with `PART_MISSING` when absent. */
  get(name: string): Promise<Uint8Array>
  list(): Promise<readonly string[]>
  /** Absent is fine. */
  remove(name: string): Promise<void>
}
