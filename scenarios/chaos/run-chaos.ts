/** Rounds in fresh folders until so many kills have landed; a round that is wrong ends it and is kept. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '../harness/temporary-folder.ts'
import { isExact, sumUp, type ChaosFigures, type LandedKill, type RoundFigures } from './figures.ts'
import { Round } from './round.ts'

export type ChaosEvent =
  | { readonly event: 'chaos.started'; readonly kills: number; readonly seed: number }
  | {
      readonly event: 'chaos.kill'
      readonly round: number
      readonly kills: number
      readonly role: LandedKill['role']
      readonly moment: LandedKill['moment']
    }
  | ({ readonly event: 'chaos.round'; readonly round: number; readonly tookMs: number } & RoundFigures)
  | {
      readonly event: 'chaos.broken'
      readonly round: number
      readonly seed: number
      readonly message: string
      readonly folder: string
    }
  | ({
      readonly event: 'chaos.finished'
      readonly tookMs: number
      readonly verdict: 'pass' | 'fail'
    } & ChaosFigures)

export type ChaosReport = (event: ChaosEvent) => void

export interface ChaosOptions {
  readonly kills: number
  readonly killsPerRound: number
  readonly seed: number
  /** No round begins after it. */
  readonly signal: AbortSignal
  readonly report: ChaosReport
}

/** One of each moment but the two at the end. */
export const killsPerRoundMin = 3

/** Resolves to whether all is exact. */
export async function runChaos({
  kills,
  killsPerRound,
  seed,
  signal,
  report,
}: ChaosOptions): Promise<boolean> {
  report({ event: 'chaos.started', kills, seed })
  const startedMs = performance.now()
  const folder = await temporaryFolder('chaos')
  const rounds: RoundFigures[] = []
  let landed = 0
  let broken = false
  while (landed < kills && !broken && !signal.aborted) {
    const round = rounds.length + 1
    const inside = join(folder.path, `round-${round}`)
    await mkdir(inside)
    const roundSeed = seed * 10_000 + round
    const tellBroken = (message: string): void => {
      broken = true
      report({ event: 'chaos.broken', round, seed: roundSeed, message, folder: inside })
    }
    const roundMs = performance.now()
    try {
      const figures = await new Round({
        seed: roundSeed,
        kills: Math.max(killsPerRoundMin, Math.min(killsPerRound, kills - landed)),
        folder: inside,
        killed: ({ role, moment }) => {
          landed += 1
          report({ event: 'chaos.kill', round, kills: landed, role, moment })
        },
      }).run()
      rounds.push(figures)
      report({ event: 'chaos.round', round, tookMs: Math.round(performance.now() - roundMs), ...figures })
      if (!isExact(sumUp([figures]))) tellBroken(figures.faults.join('\n'))
    } catch (error) {
      tellBroken(error instanceof Error ? error.message : String(error))
    }
  }
  if (!broken) await folder.remove()
  const verdict = !broken && landed >= kills ? 'pass' : 'fail'
  const tookMs = Math.round(performance.now() - startedMs)
  report({ event: 'chaos.finished', tookMs, verdict, ...sumUp(rounds) })
  return verdict === 'pass'
}
