/**
 * Who may have how much in flight towards this worker (L3). Counted at the receiving end, so that each link
 * counts once. Pure: numbers in, numbers out.
 *
 * - B1 Every open link owns `reserveBytes`, at once and for as long as it is open: a link whose neighbours wait
 *   for a barrier on it can always receive one largest frame, so no alignment can deadlock on memory.
 * - B2 reserve × links ≤ budget; an open beyond is refused with `LINK_BUDGET`.
 * - B3 What the reserves leave is lent: windows grow by doubling, to `windowBytesMax`, only while the sum of all
 *   windows stays within the budget. A link that opens later takes its reserve from what was lent; the sum then
 *   exceeds the budget until the borrowers' next answers give it back.
 * - B4 What precedes a barrier that overtakes (C4) is lent at once where the budget has it, at most a reserve beyond
 *   `windowBytesMax`: a sender exceeds its grant by one call's frames, which must not wait for a slow reader.
 */
import { LinkError } from './errors.ts'
import { invariant } from '../core/invariant.ts'

export interface CreditLimits {
  readonly reserveBytes: number
  readonly windowBytesMax: number
  readonly budgetBytes: number
}

export class CreditLedger {
  readonly limits: CreditLimits
  private links = 0
  private lentBytes = 0

  constructor(limits: CreditLimits) {
    invariant(limits.reserveBytes >= 1, `L3: a reserve of at least 1 byte, got ${limits.reserveBytes}`)
    invariant(limits.windowBytesMax >= limits.reserveBytes, 'L3: a window is at least a reserve')
    this.limits = limits
  }

  /** Sum of all windows. */
  get grantedBytes(): number {
    return this.links * this.limits.reserveBytes + this.lentBytes
  }

  /** The window of a new link: its reserve. */
  open(): number {
    const { reserveBytes, budgetBytes } = this.limits
    const neededBytes = (this.links + 1) * reserveBytes
    if (neededBytes > budgetBytes) {
      throw new LinkError(
        'LINK_BUDGET',
        `${this.links + 1} links into one worker need ${neededBytes} bytes of reserves, its budget is ${budgetBytes}; lower the parallelism or add workers`,
        { retry: 'fatal', details: { links: this.links + 1, reserveBytes, neededBytes, budgetBytes } },
      )
    }
    this.links += 1
    return reserveBytes
  }

  close(windowBytes: number): void {
    this.lentBytes -= windowBytes - this.limits.reserveBytes
    this.links -= 1
    invariant(this.links >= 0 && this.lentBytes >= 0, 'L3: more was given back than taken')
  }

  /**
   * The next window of a link that holds `queuedBytes` untaken. A reader that keeps up is limited by the network
   * and grows; one with a full queue only delays barriers by having more, and shrinks.
   */
  resize(windowBytes: number, queuedBytes: number): number {
    const { reserveBytes, windowBytesMax, budgetBytes } = this.limits
    if (this.grantedBytes > budgetBytes) return this.lend(windowBytes, reserveBytes)
    if (queuedBytes * 4 > windowBytes * 3) {
      return this.lend(windowBytes, Math.max(reserveBytes, Math.floor(windowBytes / 2)))
    }
    const wanted = Math.min(windowBytes * 2, windowBytesMax)
    const fits = wanted - windowBytes <= budgetBytes - this.grantedBytes
    return queuedBytes * 4 < windowBytes && fits ? this.lend(windowBytes, wanted) : windowBytes
  }

  /** B4: the window that holds `neededBytes`, or the one that there is. */
  stretch(windowBytes: number, neededBytes: number): number {
    const { reserveBytes, windowBytesMax, budgetBytes } = this.limits
    const fits =
      neededBytes <= windowBytesMax + reserveBytes &&
      neededBytes - windowBytes <= budgetBytes - this.grantedBytes
    return neededBytes > windowBytes && fits ? this.lend(windowBytes, neededBytes) : windowBytes
  }

  private lend(from: number, to: number): number {
    this.lentBytes += to - from
    return to
  }
}
