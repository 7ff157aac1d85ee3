import { ConfigError } from '../../core/errors.ts'
import type { Chunk, SourceDefinition, SplitReader } from '../source.ts'
import { SourceError } from './errors.ts'
import { numberedSplits, splitNumber } from './numbered-splits.ts'
import { resolveWholeNumber } from './options.ts'
import { show } from '../../core/show.ts'

/** How indexes are shared out over splits. */
export type IndexShare = 'contiguous' | 'interleaved'

export interface IndexedGenerator<T> {
  /** How many records; `Infinity` for an endless source. */
  readonly count: number
  /** The record with this index, the same on every call. */
  readonly at: (index: number) => T
  /** Pieces that tasks read in parallel; default 1. */
  readonly splits?: number
  /**
   * `contiguous` (default): split k takes one run of indexes. `interleaved`: split k takes k, k + splits …,
   * which keeps the splits' event times close together; an endless source needs it.
   */
  readonly share?: IndexShare
}

const chunkRecords = 1024

/** What a split reads: `from`, `from + step` … below `to`. */
interface Run {
  readonly from: number
  readonly to: number
  readonly step: number
}

interface IndexPosition {
  /** The next index to make. */
  readonly next: number
  /** The run it belongs to: another count or number of splits is another source. */
  readonly from: number
  readonly step: number
}

export function indexedSource<T>(generator: IndexedGenerator<T>): SourceDefinition<T> {
  const { count, at } = generator
  if (count !== Infinity && (!Number.isSafeInteger(count) || count < 0)) {
    throw new ConfigError(
      'OPTION_ILLEGAL',
      `fromGenerator: count must be a whole number ≥ 0 or Infinity, got ${count}`,
    )
  }
  const splits = resolveWholeNumber('fromGenerator', {
    name: 'splits',
    value: generator.splits,
    otherwise: 1,
    min: 1,
  })
  const share = resolveShare(generator.share)
  if (count === Infinity && splits > 1 && share === 'contiguous') {
    throw new ConfigError(
      'OPTION_ILLEGAL',
      `fromGenerator: an endless source has no contiguous shares; set share: 'interleaved'`,
    )
  }
  const runOf = (k: number): Run => {
    if (share === 'interleaved') return { from: k, to: count, step: splits }
    const boundary = (n: number): number =>
      n === 0 ? 0 : n === splits ? count : Math.floor((count / splits) * n)
    return { from: boundary(k), to: boundary(k + 1), step: 1 }
  }
  return {
    kind: 'generator',
    replayable: true,
    bounded: count < Infinity,
    deadLetters: false,
    splits: async () => numberedSplits(splits),
    open: async (split, position) => {
      const run = runOf(splitNumber(split, splits))
      return new IndexedReader(at, run, nextIndex(run, position))
    },
  }
}

function resolveShare(share: IndexShare | undefined): IndexShare {
  if (share === undefined) return 'contiguous'
  if (share === 'contiguous' || share === 'interleaved') return share
  throw new ConfigError(
    'OPTION_ILLEGAL',
    `fromGenerator: share must be 'contiguous' or 'interleaved', got ${show(share)}`,
  )
}

function nextIndex(run: Run, position: unknown): number {
  if (position === null || position === undefined) return run.from
  const { next, from, step } = position as Partial<IndexPosition>
  if (typeof next !== 'number' || !Number.isSafeInteger(next)) {
    throw new SourceError(
      'POSITION_ILLEGAL',
      `expected the position of an indexed generator, found ${show(position)}`,
      { retry: 'fatal' },
    )
  }
  if (from !== run.from || step !== run.step || next > run.to + run.step - 1) {
    throw new SourceError(
      'SOURCE_CHANGED',
      `the checkpoint was reading indexes ${from}, ${(from ?? 0) + (step ?? 0)} … and is at ${next}; now the split holds ${run.from}, ${run.from + run.step} … below ${run.to}. Keep count, splits and share, or start the job afresh`,
      { retry: 'fatal', details: { next, from, step, run } },
    )
  }
  return next
}

class IndexedReader<T> implements SplitReader<T> {
  private readonly at: (index: number) => T
  private readonly run: Run
  private next: number
  private failed: SourceError | undefined

  constructor(at: (index: number) => T, run: Run, next: number) {
    this.at = at
    this.run = run
    this.next = next
  }

  read(): Chunk<T> | null {
    if (this.failed) throw this.failed
    const { at, run } = this
    const first = this.next
    const count = Math.min(chunkRecords, Math.ceil((run.to - first) / run.step))
    if (count <= 0) return null
    const records = new Array<T>(count)
    let made = 0
    try {
      for (let index = first; made < count; made += 1, index += run.step) records[made] = at(index)
    } catch (cause) {
      const index = first + made * run.step
      this.failed = new SourceError(
        'SOURCE_THREW',
        `the generator threw at index ${index}: ${String(cause)}`,
        { retry: 'retry', cause, details: { index } },
      )
      if (made === 0) throw this.failed
      records.length = made
    }
    this.next = first + made * run.step
    return {
      records,
      positionAfter: (i): IndexPosition => ({
        next: first + (i + 1) * run.step,
        from: run.from,
        step: run.step,
      }),
    }
  }

  async close(): Promise<void> {}
}
