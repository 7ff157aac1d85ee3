/**
 * Credit: a sender publishes no batch beyond the bytes that an answer of its receiver granted it. Judged on the wire: a
 * frame counts once, however often it is resent; barriers, ends and watermarks are free.
 */
export type WireFrame =
  | { readonly kind: 'batch'; readonly link: string; readonly first: number; readonly bytes: number }
  | { readonly kind: 'answer'; readonly link: string; readonly grantedBytes: number }

interface Link {
  grantedBytes: number
  sentBytes: number
  newestFirst: number
}

export class CreditChecker {
  private readonly links = new Map<string, Link>()
  private readonly violations: string[] = []

  /** A batch as it leaves its sender, an answer as it reaches it; in the order of things. */
  observe(frame: WireFrame): void {
    const link = this.links.get(frame.link) ?? { grantedBytes: 0, sentBytes: 0, newestFirst: -1 }
    this.links.set(frame.link, link)
    if (frame.kind === 'answer') {
      link.grantedBytes = Math.max(link.grantedBytes, frame.grantedBytes)
      return
    }
    if (frame.first <= link.newestFirst) return
    link.newestFirst = frame.first
    link.sentBytes += frame.bytes
    if (link.sentBytes > link.grantedBytes) {
      const { sentBytes, grantedBytes } = link
      this.violations.push(`link ${frame.link}: ${sentBytes} bytes were sent of ${grantedBytes} granted`)
    }
  }

  /** Returns what is wrong, in words. */
  check(): readonly string[] {
    return this.violations
  }
}
