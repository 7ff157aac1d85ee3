/**
 * What a reader of the output folder sees while the job runs: at no moment a row twice, or one that the recount
 * has not. Rows that are still missing are no fault then.
 */
import { join } from 'node:path'
import { compareRows } from '../harness/compare.ts'
import { readJsonlFolder } from '../harness/jsonl.ts'
import type { Judged, Row } from './judge.ts'
import type { Recount } from './oracle.ts'

export class VisibleOutput {
  private readonly folder: string
  private readonly recount: Recount
  private seen: Judged = {
    output: 'late, while running',
    lost: 0,
    duplicated: 0,
    mismatched: 0,
    differences: [],
  }
  private looking: Promise<void> = Promise.resolve()

  constructor(out: string, recount: Recount) {
    this.folder = join(out, 'late')
    this.recount = recount
  }

  /** Looks once more, after the looks before. */
  look(): void {
    this.looking = this.looking.then(async () => {
      const now = compareRows(this.recount.late, await readJsonlFolder<Row>(this.folder))
      this.seen = {
        ...this.seen,
        duplicated: this.seen.duplicated + now.duplicated,
        mismatched: this.seen.mismatched + now.mismatched,
        differences: [...this.seen.differences, ...now.differences.filter(({ kind }) => kind !== 'lost')],
      }
    })
    // `judge` tells it.
    this.looking.catch(() => undefined)
  }

  /** All that was seen and should not have been. Rejects where the folder could not be read. */
  async judge(): Promise<Judged> {
    await this.looking
    return this.seen
  }
}
