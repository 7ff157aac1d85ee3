/** Whom a round kills and when, from its seed: a pure function. */
import { below, unit, type Random } from '../../core/ports/random.ts'
import { seededRandom } from '../../core/simulated/random.ts'

export const roles = ['worker', 'parent', 'server'] as const
export type Role = (typeof roles)[number]

/**
 * - `any`: a random while after the job has recovered from the kill before.
 * - `checkpoint`: just after `checkpoint.completed`, while its output is committed.
 * - `restarting`: after the kill before, while the job or its parent starts again.
 * - `together`: within 100 ms of the kill before.
 * - `ending`: when all is read and the last output is committed; it may miss.
 */
export const moments = ['any', 'checkpoint', 'restarting', 'together', 'ending'] as const
export type Moment = (typeof moments)[number]

export interface PlannedKill {
  readonly role: Role
  readonly moment: Moment
  /** After the moment came. */
  readonly delayMs: number
  /** In [0, 1): which of the living workers. */
  readonly victim: number
}

export interface RoundPlan {
  /** An embedded server is started again by its parent, an external one by the harness. */
  readonly server: 'embedded' | 'external'
  readonly kills: readonly PlannedKill[]
}

const endingKills = 2
/** Kills in a row that the job gets no checkpoint in between: far below its limit of 10 restarts. */
const chainMax = 3
const delayMsMax: Record<Moment, number> = {
  any: 500,
  checkpoint: 10,
  restarting: 200,
  together: 100,
  ending: 500,
}

export function planRound(seed: number, kills: number): RoundPlan {
  const random = seededRandom(seed)
  const server = unit(random) < 0.5 ? 'embedded' : 'external'
  const planned: PlannedKill[] = []
  let chain = 0
  for (let index = 0; index < kills; index += 1) {
    const moment = index >= kills - endingKills ? 'ending' : momentOf(random, index > 0 && chain < chainMax)
    chain = moment === 'restarting' || moment === 'together' ? chain + 1 : 0
    planned.push({
      role: roleOf(random),
      moment,
      delayMs: below(random, delayMsMax[moment] + 1),
      victim: unit(random),
    })
  }
  return { server, kills: planned }
}

function momentOf(random: Random, chained: boolean): Moment {
  const pick = unit(random)
  if (chained && pick < 0.2) return 'together'
  if (chained && pick < 0.4) return 'restarting'
  return pick < 0.7 ? 'checkpoint' : 'any'
}

function roleOf(random: Random): Role {
  const pick = unit(random)
  return pick < 0.5 ? 'worker' : pick < 0.75 ? 'parent' : 'server'
}
