/** What happened, as numbers. */
import type { Moment, Role } from './plan.ts'

export interface LandedKill {
  readonly role: Role
  readonly moment: Moment
  readonly atMs: number
  /** Until the job was restored (worker, parent) or completed a checkpoint (server); undefined while it is not. */
  recoveryMs: number | undefined
}

export interface RoundFigures {
  readonly seed: number
  readonly server: 'embedded' | 'external'
  readonly kills: readonly LandedKill[]
  /** Attempts after the first, in all lives of the parent. */
  readonly restarts: number
  readonly parents: number
  readonly checkpoints: number
  /** Records of the input. */
  readonly records: number
  readonly lost: number
  readonly duplicated: number
  readonly mismatched: number
  /** What is wrong otherwise: rows seen twice meanwhile, staged files or folders left behind. */
  readonly faults: readonly string[]
}

export interface Recovery {
  readonly count: number
  readonly p50Ms: number | null
  readonly maxMs: number | null
}

export interface ChaosFigures {
  readonly rounds: number
  readonly kills: number
  readonly killsByRole: Record<Role, number>
  readonly killsByMoment: Record<Moment, number>
  readonly restarts: number
  readonly parents: number
  readonly checkpoints: number
  readonly records: number
  readonly recovery: Record<Role, Recovery>
  readonly lost: number
  readonly duplicated: number
  readonly mismatched: number
  readonly faults: number
}

export function sumUp(rounds: readonly RoundFigures[]): ChaosFigures {
  const kills = rounds.flatMap((round) => round.kills)
  const sum = (of: (round: RoundFigures) => number): number =>
    rounds.reduce((total, round) => total + of(round), 0)
  const count = (matches: (kill: LandedKill) => boolean): number => kills.filter(matches).length
  const byRole = (role: Role): number => count((kill) => kill.role === role)
  const byMoment = (moment: Moment): number => count((kill) => kill.moment === moment)
  const recoveryOf = (role: Role): Recovery => recovery(kills.filter((kill) => kill.role === role))
  return {
    rounds: rounds.length,
    kills: kills.length,
    killsByRole: { worker: byRole('worker'), parent: byRole('parent'), server: byRole('server') },
    killsByMoment: {
      any: byMoment('any'),
      checkpoint: byMoment('checkpoint'),
      restarting: byMoment('restarting'),
      together: byMoment('together'),
      ending: byMoment('ending'),
    },
    restarts: sum((round) => round.restarts),
    parents: sum((round) => round.parents),
    checkpoints: sum((round) => round.checkpoints),
    records: sum((round) => round.records),
    recovery: {
      worker: recoveryOf('worker'),
      parent: recoveryOf('parent'),
      server: recoveryOf('server'),
    },
    lost: sum((round) => round.lost),
    duplicated: sum((round) => round.duplicated),
    mismatched: sum((round) => round.mismatched),
    faults: sum((round) => round.faults.length),
  }
}

/** Nearest rank. */
function recovery(kills: readonly LandedKill[]): Recovery {
  const times = kills.flatMap(({ recoveryMs }) => recoveryMs ?? []).sort((a, b) => a - b)
  return {
    count: times.length,
    p50Ms: times[Math.ceil(times.length / 2) - 1] ?? null,
    maxMs: times.at(-1) ?? null,
  }
}

export const isExact = ({
  lost,
  duplicated,
  mismatched,
  faults,
}: Pick<ChaosFigures, 'lost' | 'duplicated' | 'mismatched' | 'faults'>): boolean =>
  lost + duplicated + mismatched + faults === 0
