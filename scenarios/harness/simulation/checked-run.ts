/** Every checker that can judge a simulated run without knowing its flow. It looks on, and changes nothing. */
import type { TraceEvent } from '../../../core/ports/trace.ts'
import {
  checkCommitOrder,
  checkHistory,
  CreditChecker,
  LinkCutChecker,
  WatermarkChecker,
  type JournalEntry,
  type LoggedSlot,
} from '../checkers/index.ts'
import type { Observer } from './observer.ts'
import { deliveredAnswer, publishedBatch } from './wire-frames.ts'
import { WrittenLog, type WrittenSlot } from './written-log.ts'

export class CheckedRun implements Observer {
  private readonly cut = new LinkCutChecker()
  private readonly watermarks = new WatermarkChecker()
  private readonly credit = new CreditChecker()
  private readonly log = new WrittenLog()
  private readonly journal: JournalEntry[] = []

  readonly trace = (event: TraceEvent): void => {
    this.cut.observe(event)
    this.watermarks.observe(event)
  }

  published(bytes: Uint8Array): void {
    const batch = publishedBatch(bytes)
    if (batch) this.credit.observe(batch)
  }

  delivered(bytes: Uint8Array): void {
    const answer = deliveredAnswer(bytes)
    if (answer) this.credit.observe(answer)
  }

  linked(path: string, content: () => Uint8Array): void {
    const slot = this.log.linked(path, content)
    if (!slot) this.journal.push({ kind: 'linked', path })
    else if (slot.record?.kind === 'checkpoint') {
      const { checkpoint: id, epoch, unaligned } = slot.record.manifest
      this.cut.completed({ id, epoch, unaligned })
      this.journal.push({ kind: 'completed', path, checkpoint: id })
    }
  }

  powerLost(paths: ReadonlySet<string>): void {
    this.log.powerLost(paths)
    this.journal.push({ kind: 'power lost', paths })
  }

  /** Returns what is wrong, in words, each with the name of its checker before it. */
  check(): readonly string[] {
    const slots = this.log.all()
    // What such a slot says, nobody can tell: a bit of it flipped before it had its name.
    const whole = slots.every(({ record }) => record)
    return [
      ...named('cut', this.cut.check()),
      ...named('watermarks', this.watermarks.check()),
      ...named('credit', this.credit.check()),
      ...named('job log', [
        ...this.log.violations,
        ...(whole ? checkHistory(slots.flatMap(loggedSlot)) : []),
      ]),
      ...named('commits', whole ? checkCommitOrder(this.journal) : []),
    ]
  }
}

export const named = (checker: string, violations: readonly string[]): readonly string[] =>
  violations.map((what) => `${checker}: ${what}`)

function loggedSlot({ term, slot, record }: WrittenSlot): readonly LoggedSlot[] {
  if (!record) return []
  if (record.kind !== 'checkpoint') return [{ term, slot, record }]
  const { checkpoint: id, final, epoch } = record.manifest
  return [{ term, slot, record: { kind: 'checkpoint', id, final, epoch } }]
}
