/** Records that come at their time: whoever takes them late finds how late in them. */
import type { Chunk, SourceDefinition, SplitReader } from '../../operators/source.ts'

export interface Paced {
  readonly count: number
  /** Infinity: as fast as they are taken; then a record is due when it is made. */
  readonly perSecond: number
}

const chunkRecords = 1_024

/** `at(index, dueMs)`, on the clock of `nowMs`. One split; for benches alone, since a replay is due long ago. */
export const pacedSource = <T>(
  { count, perSecond }: Paced,
  at: (index: number, dueMs: number) => T,
): SourceDefinition<T> => ({
  kind: 'paced',
  replayable: true,
  bounded: true,
  deadLetters: false,
  splits: async () => ['0'],
  open: async () => new PacedReader(count, perSecond, at),
})

const offsetMs = Number(process.hrtime.bigint()) / 1e6 - performance.now()

/** The same in every process of this machine, ms: the kernel's monotonic clock, at the price of `performance.now`. */
export const nowMs = (): number => offsetMs + performance.now()

class PacedReader<T> implements SplitReader<T> {
  private readonly count: number
  private readonly perMs: number
  private readonly at: (index: number, dueMs: number) => T
  private next = 0
  private startMs: number | undefined

  constructor(count: number, perSecond: number, at: (index: number, dueMs: number) => T) {
    this.count = count
    this.perMs = perSecond / 1_000
    this.at = at
  }

  read(): Chunk<T> | null | Promise<Chunk<T>> {
    if (this.next === this.count) return null
    const due = this.due()
    if (due > 0) return this.take(due)
    return new Promise((resolve) => {
      const look = (): void => {
        const late = this.due()
        if (late > 0) resolve(this.take(late))
        else setTimeout(look, 1)
      }
      setTimeout(look, 1)
    })
  }

  async close(): Promise<void> {}

  /** How many to take now. */
  private due(): number {
    const most = Math.min(chunkRecords, this.count - this.next)
    if (this.perMs === Infinity) return most
    this.startMs ??= nowMs()
    return Math.min(most, Math.floor((nowMs() - this.startMs) * this.perMs) + 1 - this.next)
  }

  private take(count: number): Chunk<T> {
    const first = this.next
    this.next += count
    const { at, perMs, startMs } = this
    const madeMs = nowMs()
    const records = new Array<T>(count)
    for (let i = 0; i < count; i += 1) {
      records[i] = at(first + i, startMs === undefined ? madeMs : startMs + (first + i) / perMs)
    }
    return { records, positionAfter: (i) => first + i + 1 }
  }
}
