/** On every link watermarks never fall. One that only says that its sender is idle repeats the time. */
import type { TraceEvent } from '../../../core/ports/trace.ts'

export class WatermarkChecker {
  private readonly newest = new Map<string, number>()
  private readonly violations: string[] = []

  observe(event: TraceEvent): void {
    if ((event.kind !== 'sent' && event.kind !== 'taken') || event.element.kind !== 'watermark') return
    const { epoch, link, from, to, kind, element } = event
    const end = `${epoch.term}.${epoch.attempt}/${link} ${kind}`
    const before = this.newest.get(end) ?? -Infinity
    if (!(element.atMs >= before)) {
      this.violations.push(`${from} → ${to}: watermark ${element.atMs} was ${kind} after ${before}`)
    }
    this.newest.set(end, element.atMs)
  }

  /** Returns what is wrong, in words. */
  check(): readonly string[] {
    return this.violations
  }
}
