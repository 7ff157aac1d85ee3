/**
 * One side's rows of one key, by time; rows of equal times in the order in which they came. Plain data: it is what
 * the state holds.
 */
export type Timeline = TimedRow[]

/** `matched` says whether any row of the other side met it, where somebody needs to know. */
export type TimedRow = [atMs: number, row: unknown, matched: boolean]

/** Index of the first row that is not older than `atMs`. */
export function firstFrom(timeline: Timeline, atMs: number): number {
  let [low, high] = [0, timeline.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((timeline[middle] as TimedRow)[0] < atMs) low = middle + 1
    else high = middle
  }
  return low
}

/** Puts a row behind those that are as old; records are nearly in order, so mostly at the end. */
export function insert(timeline: Timeline, row: TimedRow): void {
  const last = timeline.at(-1)
  if (last === undefined || last[0] <= row[0]) timeline.push(row)
  else timeline.splice(firstFrom(timeline, row[0] + 1), 0, row)
}

/** Takes the rows that are not newer than `atMs` out. */
export const takeUntil = (timeline: Timeline, atMs: number): Timeline =>
  timeline.splice(0, firstFrom(timeline, atMs + 1))
