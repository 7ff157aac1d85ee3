/**
 * When to kill, from a seed. Kills are spread over the input, so that they meet the whole run and none falls
 * behind a run that is faster than expected: each waits for the records that the job has read, then a random
 * while, to meet any phase of a checkpoint.
 */
import { below, unit } from '../../core/ports/random.ts'
import { seededRandom } from '../../core/simulated/random.ts'

export interface PlannedKill {
  /**
   * `running`: when the job has read `records`, restored since the kill before. `restarting`: after the kill
   * before, while the job recovers from it. `ending`: when all is read, while the last output is committed.
   */
  readonly when: 'running' | 'restarting' | 'ending'
  readonly records: number
  /** Then so long. */
  readonly delayMs: number
  /** In [0, 1): which of the workers, in the order of their start. */
  readonly victim: number
}

export interface KillPlanOptions {
  readonly seed: number
  readonly kills: number
  /** Records of the input. */
  readonly records: number
  /** The checkpoint interval. */
  readonly everyMs: number
}

/** With more than five kills, one hits a job that restarts, and the last one its end, where it may miss. */
export function planKills({ seed, kills, records, everyMs }: KillPlanOptions): readonly PlannedKill[] {
  const random = seededRandom(seed)
  const restarting = kills > 5 ? 1 + below(random, kills - 2) : -1
  const ending = kills > 5 ? kills - 1 : -1
  return Array.from({ length: kills }, (_, index): PlannedKill => {
    const share = ((index + unit(random)) / kills) * 0.9
    const when = index === ending ? 'ending' : index === restarting ? 'restarting' : 'running'
    return {
      when,
      records: when === 'ending' ? records : when === 'restarting' ? 0 : Math.floor(share * records),
      delayMs: below(random, (when === 'restarting' ? 2 * everyMs : everyMs) + 1),
      victim: unit(random),
    }
  })
}
