/**
 * Credit: a sender publishes no batch beyond the bytes that an answer of its receiver granted it. Judged on the wire: a
 * frame counts once, however often it is resent; barriers, ends and watermarks are free.
 */
import { epochLabel, PerLink } from './per-link.ts'

export interface WireLink {
  readonly epoch: { readonly term: number; readonly attempt: number }
  readonly link: number
}

export type WireFrame =
  | (WireLink & { readonly kind: 'batch'; readonly first: number; readonly bytes: number })
  | (WireLink & { readonly kind: 'answer'; readonly grantedBytes: number })

export class CreditChecker {
  private readonly links = new PerLink(() => ({ grantedBytes: 0, sentBytes: 0, newestFirst: -1 }))
  private readonly violations: string[] = []

  /** A batch as it leaves its sender, an answer as it reaches it; in the order of things. */
  observe(frame: WireFrame): void {
    const link = this.links.get(frame.epoch, frame.link)
    if (frame.kind === 'answer') {
      link.grantedBytes = Math.max(link.grantedBytes, frame.grantedBytes)
      return
    }
    if (frame.first <= link.newestFirst) return
    link.newestFirst = frame.first
    link.sentBytes += frame.bytes
    if (link.sentBytes <= link.grantedBytes) return
    const name = `${frame.link} in epoch ${epochLabel(frame.epoch)}`
    this.violations.push(`link ${name}: ${link.sentBytes} bytes were sent of ${link.grantedBytes} granted`)
  }

  /** Returns what is wrong, in words. */
  check(): readonly string[] {
    return this.violations
  }
}
