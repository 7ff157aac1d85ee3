/**
 * What proves a loss (L4). The channel keeps the order of its publisher, so an answer that echoes a probe tells
 * what had arrived of everything sent before that probe. Nothing else counts: not silence, not a gap, not an
 * answer to a probe from before the last resend, for those may describe frames that are on their way.
 */
interface Probe {
  readonly id: number
  /** Number after the last element sent before it. */
  readonly sentNumber: number
}

export class Probes {
  private nextId = 1
  /** The earliest and the latest without an echo: a slow network may never answer the latest in time. */
  private first: Probe | undefined
  private last: Probe | undefined

  get outstanding(): boolean {
    return this.first !== undefined
  }

  /** A new probe's id. */
  sent(sentNumber: number): number {
    const probe = { id: this.nextId, sentNumber }
    this.nextId += 1
    this.first ??= probe
    this.last = probe
    return probe.id
  }

  /** How far the link had been sent before the latest probe that `echo` answers, if it answers one. */
  echoed(echo: number): number | undefined {
    const { first, last } = this
    if (!first || !last || echo < first.id) return undefined
    if (echo < last.id) {
      this.first = last
      return first.sentNumber
    }
    this.forget()
    return last.sentNumber
  }

  /** After a resend or a disconnect, older probes prove nothing. */
  forget(): void {
    this.first = undefined
    this.last = undefined
  }
}
