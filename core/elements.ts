import type { CheckpointId } from './ids.ts'

/** What travels on a link, in order. Each record, watermark, barrier and end is one number (L2). */
export type Element = Batch | Signal

/** Records that travel together. Immutable once emitted; shared by reference within a process. */
export interface Batch {
  readonly kind: 'batch'
  readonly records: readonly unknown[]
}

/** Elements that need no grant (L3). */
export type Signal = Watermark | Barrier | End

/** No later record on this link is older than `atMs`. */
export interface Watermark {
  readonly kind: 'watermark'
  readonly atMs: number
}

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
})

/** How many numbers an element takes on its link. */
export const elementCount = (element: Element): number =>
  element.kind === 'batch' ? element.records.length : 1
