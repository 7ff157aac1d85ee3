import type { CheckpointId } from './ids.ts'

/** What travels on a link, in order. Each record, watermark, barrier and end is one number (L2). */
export type Element = Batch | Signal

/** Records that travel together. Immutable once emitted; shared by reference within a process. */
export interface Batch {
  readonly kind: 'batch'
  readonly records: readonly unknown[]
  /** Event times of the records, ms since 1970; on links behind an `eventTime` step. */
  readonly times?: readonly number[] | undefined
}

/** Elements that need no grant (L3). */
export type Signal = Watermark | Barrier | End

/** No later record on this link is older than or equal to `atMs`: ms since 1970, or ±Infinity. */
export interface Watermark {
  readonly kind: 'watermark'
  readonly atMs: number
  /** Nothing is to be expected for a while: the receiver goes on without this link until its next element. */
  readonly idle?: true
}

export const watermark = (atMs: number, idle = false): Watermark =>
  idle ? { kind: 'watermark', atMs, idle } : { kind: 'watermark', atMs }

/** Chandy-Lamport marker: what came before it belongs to the checkpoint, what follows does not. */
export interface Barrier {
  readonly kind: 'barrier'
  readonly checkpoint: CheckpointId
  /** True for the checkpoint that follows every end (C10). */
  readonly final: boolean
}

/** No record follows; barriers still do (C10). */
export interface End {
  readonly kind: 'end'
}

/** What follows the first `count` records of a batch. */
export const batchAfter = (batch: Batch, count: number): Batch => ({
  kind: 'batch',
  records: batch.records.slice(count),
  ...(batch.times && { times: batch.times.slice(count) }),
})

/** How many numbers an element takes on its link. */
export const elementCount = (element: Element): number =>
  element.kind === 'batch' ? element.records.length : 1
