/** Fewer faults that still fail: each is left out in turn, as long as that helps (delta debugging, one by one). */
import type { Fault } from './faults.ts'

export async function shrink(
  faults: readonly Fault[],
  fails: (faults: readonly Fault[]) => Promise<boolean>,
): Promise<readonly Fault[]> {
  let smallest = faults
  for (let at = 0; at < smallest.length;) {
    const fewer = smallest.filter((_, index) => index !== at)
    if (await fails(fewer)) smallest = fewer
    else at += 1
  }
  return smallest
}
