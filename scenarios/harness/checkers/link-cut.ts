/**
 * Consistent cut (Chandy and Lamport 1985): from what passed over each link, and when its receiver captured its state.
 *
 * - What a receiver's state covers was sent before its sender's barrier: received ≤ sent.
 * - What was sent before the barrier and is not in the receiver's state is channel state: stored = sent − received.
 * - An aligned checkpoint has none.
 * - A checkpoint is complete when every receiver has captured its state, not before.
 * - Nothing is taken that was not sent, and barriers come in the order of their ids.
 *
 * Counted are records and watermarks: older barriers and ends on the way mean nothing to whoever restores.
 */
import type { TraceEvent } from '../../../core/ports/trace.ts'
import { epochLabel, PerLink } from './per-link.ts'

export interface CompletedCheckpoint {
  readonly epoch: { readonly term: number; readonly attempt: number }
  readonly id: number
  readonly unaligned: boolean
}

interface Link {
  /** Who they are; known once something passed. */
  label: string
  to: string
  readonly sent: Count
  readonly taken: Count
  /** By checkpoint: how many elements went before its barrier. */
  readonly before: Map<number, number>
  /** By checkpoint: how many are in the receiver's state. */
  readonly received: Map<number, number>
  readonly unworked: Map<number, number>
  readonly stored: Map<number, number>
  newestTaken: number
}

interface Count {
  /** Number of the next element. */
  number: number
  records: number
}

type LinkEvent = Exclude<TraceEvent, { readonly kind: 'captured' }>

export class LinkCutChecker {
  private readonly links = new PerLink<Link>(newLink)
  private readonly checkpoints: CompletedCheckpoint[] = []
  private readonly violations: string[] = []

  observe(event: TraceEvent): void {
    if (event.kind === 'captured') this.captured(event)
    else this.passed(this.linkOf(event), event)
  }

  /** To be told when the checkpoint's manifest got its place in the job log. */
  completed(checkpoint: CompletedCheckpoint): void {
    this.checkpoints.push(checkpoint)
    for (const { label, received } of this.links.of(checkpoint.epoch)) {
      if (received.has(checkpoint.id)) continue
      this.violations.push(
        `checkpoint ${checkpoint.id}, ${label}: it was complete before the state was captured`,
      )
    }
  }

  /** Returns what is wrong, in words. */
  check(): readonly string[] {
    const cuts = this.checkpoints.flatMap((checkpoint) =>
      [...this.links.of(checkpoint.epoch)].flatMap((link) => checkCut(link, checkpoint)),
    )
    return [...this.violations, ...cuts]
  }

  private linkOf({ epoch, link, from, to }: LinkEvent): Link {
    const found = this.links.get(epoch, link)
    if (found.to === '') {
      found.to = to
      found.label = `${from} → ${to} in epoch ${epochLabel(epoch)}`
    }
    return found
  }

  private passed(link: Link, event: LinkEvent): void {
    switch (event.kind) {
      case 'sent':
        advance(link.sent, event)
        if (event.element.kind === 'barrier') link.before.set(event.element.checkpoint, link.sent.records)
        break
      case 'taken':
        advance(link.taken, event)
        if (link.taken.number > link.sent.number) {
          const { taken, sent } = link
          this.violations.push(`${link.label}: ${taken.number} elements were taken of ${sent.number} sent`)
        }
        if (event.element.kind === 'barrier') this.barrierTaken(link, event.element.checkpoint)
        break
      case 'recorded':
        link.unworked.set(event.checkpoint, event.before)
        break
      case 'stored':
        link.stored.set(event.checkpoint, event.elements)
    }
  }

  private barrierTaken(link: Link, checkpoint: number): void {
    if (checkpoint <= link.newestTaken) {
      this.violations.push(`${link.label}: barrier ${checkpoint} came after ${link.newestTaken}`)
    }
    link.newestTaken = Math.max(link.newestTaken, checkpoint)
  }

  private captured({ epoch, task, checkpoint }: Extract<TraceEvent, { kind: 'captured' }>): void {
    for (const link of this.links.of(epoch)) {
      if (link.to !== task) continue
      link.received.set(checkpoint, link.taken.records - (link.unworked.get(checkpoint) ?? 0))
    }
  }
}

const newLink = (): Link => ({
  label: '',
  to: '',
  sent: { number: 0, records: 0 },
  taken: { number: 0, records: 0 },
  before: new Map(),
  received: new Map(),
  unworked: new Map(),
  stored: new Map(),
  newestTaken: 0,
})

/** An unsent watermark may be replaced by a newer one: then the number stays. */
function advance(count: Count, { element, number }: Extract<TraceEvent, { kind: 'sent' | 'taken' }>): void {
  if (element.kind === 'batch' || element.kind === 'watermark') count.records += number - count.number
  count.number = number
}

function checkCut(link: Link, { id, unaligned }: CompletedCheckpoint): readonly string[] {
  const where = `checkpoint ${id}, ${link.label}`
  const sent = link.before.get(id)
  const received = link.received.get(id) ?? 0
  const stored = link.stored.get(id) ?? 0
  if (sent === undefined) return [`${where}: it is complete and no barrier was sent`]
  if (received > sent) return [`${where}: the state holds ${received} elements, ${sent} precede the barrier`]
  if (stored !== sent - received) {
    return [`${where}: ${sent - received} elements were on their way, ${stored} are stored`]
  }
  return !unaligned && stored > 0 ? [`${where}: it is aligned and stores ${stored} elements`] : []
}
