/**
 * What passes over links and when tasks capture their state, for checkers that judge a run without a look into the
 * engine. Nothing is traced by default; numbers are those of L2, of the element that comes next.
 */
import type { Epoch, LinkId, TaskId } from '../ids.ts'

export interface TracedLink {
  readonly epoch: Epoch
  readonly link: LinkId
  readonly from: TaskId
  readonly to: TaskId
}

export type TraceEvent =
  /** A task put something on the link: `number` is the number after it. */
  | (TracedLink & { readonly kind: 'sent'; readonly element: TracedElement; readonly number: number })
  /** A task took something from the link. */
  | (TracedLink & { readonly kind: 'taken'; readonly element: TracedElement; readonly number: number })
  /** C4: of what was taken, or restored, so many elements were not worked on, and are channel state. */
  | (TracedLink & { readonly kind: 'recorded'; readonly checkpoint: number; readonly before: number })
  /** C4: so many elements of the link are stored with the checkpoint. */
  | (TracedLink & { readonly kind: 'stored'; readonly checkpoint: number; readonly elements: number })
  /** A task's state is that of the barrier; what it takes from now on is not in it. */
  | {
      readonly kind: 'captured'
      readonly epoch: Epoch
      readonly task: TaskId
      readonly checkpoint: number
    }

export type TracedElement =
  | { readonly kind: 'batch'; readonly count: number }
  | { readonly kind: 'watermark'; readonly atMs: number }
  | { readonly kind: 'barrier'; readonly checkpoint: number }
  | { readonly kind: 'end' }

/** Called at once, in the order of things. Must not throw. */
export type Trace = (event: TraceEvent) => void
