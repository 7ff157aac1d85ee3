/** Every checker that can judge a simulated run without knowing its flow. */
import type { TraceEvent } from '../../../core/ports/trace.ts'
import { readHistory, type History } from '../../../snapshot/log/index.ts'
import type { CheckpointStore } from '../../../snapshot/store.ts'
import { readFrame, type Frame } from '../../../transport/frame.ts'
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

export class CheckedRun implements Observer {
  private readonly cut = new LinkCutChecker()
  private readonly watermarks = new WatermarkChecker()
  private readonly credit = new CreditChecker()
  private readonly journal: JournalEntry[] = []

  readonly trace = (event: TraceEvent): void => {
    this.cut.observe(event)
    this.watermarks.observe(event)
  }

  published(bytes: Uint8Array): void {
    const frame = readFrame(bytes)
    if (frame.kind !== 'batch') return
    this.credit.observe({ kind: 'batch', link: linkOf(frame), first: frame.first, bytes: bytes.length })
  }

  delivered(bytes: Uint8Array): void {
    const frame = wholeFrame(bytes)
    if (frame?.kind !== 'answer') return
    this.credit.observe({ kind: 'answer', link: linkOf(frame), grantedBytes: frame.granted })
  }

  linked(path: string): void {
    this.journal.push({ kind: 'linked', path })
  }

  powerLost(): void {
    this.journal.push({ kind: 'power lost' })
  }

  /** Returns what is wrong, in words. `wholeLog`: the store kept every checkpoint. */
  async check(store: CheckpointStore, wholeLog: boolean): Promise<readonly string[]> {
    const history = await readHistory(store.log)
    const { checkpoints } = history
    const completed = checkpoints.map(({ manifest }) => ({
      epoch: `${manifest.epoch.term}.${manifest.epoch.attempt}`,
      id: manifest.checkpoint,
      unaligned: manifest.unaligned,
    }))
    const places = checkpoints.map(({ term, slot, manifest }) => ({
      term,
      slot,
      checkpoint: manifest.checkpoint,
    }))
    return [
      ...this.cut.check(completed),
      ...this.watermarks.check(),
      ...this.credit.check(),
      ...checkHistory(slotsOf(history)),
      ...(wholeLog && history.damages.length === 0 ? checkCommitOrder(this.journal, places) : []),
    ]
  }
}

function slotsOf({ terms, checkpoints, finishes }: History): readonly LoggedSlot[] {
  return terms.flatMap(({ term, slots }) =>
    slots.flatMap(({ slot, kind }): LoggedSlot[] => {
      if (kind === 'damaged') return []
      const at = (place: { term: number; slot: number }): boolean =>
        place.term === term && place.slot === slot
      const manifest = checkpoints.find(at)?.manifest
      const checkpoint = finishes.find(at)?.checkpoint
      if (manifest) {
        const { checkpoint: id, final, epoch } = manifest
        return [{ term, slot, record: { kind: 'checkpoint', id, final, epoch } }]
      }
      if (checkpoint !== undefined) return [{ term, slot, record: { kind: 'finished', checkpoint } }]
      return kind === 'checkpoint' || kind === 'finished' ? [] : [{ term, slot, record: { kind } }]
    }),
  )
}

const linkOf = ({ epoch, link }: Frame): string => `${link} of epoch ${epoch.term}.${epoch.attempt}`

function wholeFrame(bytes: Uint8Array): Frame | undefined {
  try {
    return readFrame(bytes)
  } catch {
    return undefined
  }
}
