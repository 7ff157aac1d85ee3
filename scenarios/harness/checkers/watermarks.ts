/** On every link watermarks never fall. One that only says that its sender is idle repeats the time. */
import type { TraceEvent } from '../../../core/ports/trace.ts'
import { PerLink } from './per-link.ts'

export class WatermarkChecker {
  private readonly newest = new PerLink(() => ({ sent: -Infinity, taken: -Infinity }))
  private readonly violations: string[] = []

  observe(event: TraceEvent): void {
    if ((event.kind !== 'sent' && event.kind !== 'taken') || event.element.kind !== 'watermark') return
    const { epoch, link, from, to, kind, element } = event
    const newest = this.newest.get(epoch, link)
    const before = newest[kind]
    if (!(element.atMs >= before)) {
      this.violations.push(`${from} → ${to}: watermark ${element.atMs} was ${kind} after ${before}`)
    }
    newest[kind] = element.atMs
  }

  /** Returns what is wrong, in words. */
  check(): readonly string[] {
    return this.violations
  }
}
