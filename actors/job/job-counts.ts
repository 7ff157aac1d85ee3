/**
 * What a job has counted since its first start, over all its attempts. A task that begins anew tells what it restored;
 * until then it is known by what it told last.
 */
import type { TaskId } from '../../core/ids.ts'
import { sumOfLate, type LateDropped } from '../late-dropped.ts'

export class JobCounts {
  private readonly read = new Map<TaskId, number>()
  private readonly late = new Map<TaskId, LateDropped>()

  /** That entered the flow. */
  get records(): number {
    let sum = 0
    for (const records of this.read.values()) sum += records
    return sum
  }

  /** That were given up, by step. */
  get lateDropped(): LateDropped {
    return sumOfLate(this.late.values())
  }

  tellRecords(task: TaskId, records: number): void {
    this.read.set(task, records)
  }

  tellLate(task: TaskId, dropped: LateDropped): void {
    this.late.set(task, dropped)
  }

  /** A task runs again; it tells of late records next, if what it restored knows of some. */
  begun(task: TaskId): void {
    this.late.delete(task)
  }
}
