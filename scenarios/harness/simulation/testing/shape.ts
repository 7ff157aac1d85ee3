/** What the simulator's own flows have in common. */
import type { SimulatedRun } from '../trial.ts'

/** So many of the records: a size is in (0, 1], and leaves at least one. */
export const share = (count: number, size: number): number => Math.ceil(count * size)

/** C4: barriers overtake what makes them wait for longer than a moment. */
export const overtaking: SimulatedRun = {
  checkpoints: { everyMs: 10, failuresMax: 1000, timeoutMs: 2_000, alignmentTimeoutMs: 1 },
}
