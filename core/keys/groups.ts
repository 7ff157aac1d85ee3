/**
 * Key groups and who owns them (Flink's `KeyGroupRangeAssignment`): a key belongs to one of a fixed number of
 * groups, each task owns a contiguous range of groups, and rescaling moves ranges without rehashing.
 */
import { invariant } from '../invariant.ts'
import type { Key } from './encode.ts'
import { hashKey } from './hash.ts'

/** From `from` up to, not including, `to`; empty where there are more tasks than groups. */
export interface GroupRange {
  readonly from: number
  readonly to: number
}

/** The group of a key, in [0, groups). */
export const keyGroup = (key: Key, groups: number): number => hashKey(key) % groups

/** The groups that a task owns. The ranges of all tasks partition [0, groups). */
export function groupRange(taskIndex: number, parallelism: number, groups: number): GroupRange {
  invariant(
    taskIndex >= 0 && taskIndex < parallelism,
    `a task index is in [0, ${parallelism}), got ${taskIndex}`,
  )
  return {
    from: Math.ceil((taskIndex * groups) / parallelism),
    to: Math.ceil(((taskIndex + 1) * groups) / parallelism),
  }
}

/** The task whose `groupRange` has the group. */
export const taskOfGroup = (group: number, parallelism: number, groups: number): number =>
  Math.floor((group * parallelism) / groups)
