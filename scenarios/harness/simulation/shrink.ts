/**
 * A smaller trial that still fails: each fault left out in turn (delta debugging, one by one), fewer records where the
 * flow takes a size, then fewer tasks and workers.
 */
import type { Trial } from './trial.ts'

/** Of all records. */
const sizeMin = 1 / 64

export async function shrink(
  trial: Trial,
  options: {
    readonly fails: (trial: Trial) => Promise<boolean>
    /** The trial with so many of the records, in the order in which to try; none where the flow takes no size. */
    readonly resized: (trial: Trial, size: number) => Promise<readonly Trial[]>
  },
): Promise<Trial> {
  const { fails, resized } = options
  let smallest = trial
  const attempt = async (smaller: Trial): Promise<boolean> => {
    const failed = await fails(smaller)
    if (failed) smallest = smaller
    return failed
  }
  for (let at = 0; at < smallest.faults.length;) {
    const faults = smallest.faults.filter((_, index) => index !== at)
    if (!(await attempt({ ...smallest, faults }))) at += 1
  }
  // From the smallest on: those are the quickest to try, and half the records may hide what a quarter shows.
  for (let size = sizeMin, failed = false; size < 1 && !failed; size *= 2) {
    for (const smaller of await resized(smallest, size)) failed ||= await attempt(smaller)
  }
  await attempt({ ...smallest, parallelism: 1 })
  await attempt({ ...smallest, workers: 1 })
  return smallest
}
