/** What goes wrong in one simulated run: drawn from the seed, plain data, so that a trace can hold and shrink it. */
import { failpointNames, type FailpointName } from '../../../core/ports/failpoints.ts'
import { below, unit, type Random } from '../../../core/ports/random.ts'
import { seededRandom } from '../../../core/simulated/random.ts'
import type { NetworkFaults } from '../../../transport/simulated/memory-channels.ts'

export type Fault =
  /** `kill -9` of a worker; `pick` in [0, 1) says which. */
  | { readonly kind: 'killWorker'; readonly atMs: number; readonly pick: number }
  /** Stopped and continued: past the failure detector's patience, it comes back as a zombie. */
  | { readonly kind: 'stopWorker'; readonly atMs: number; readonly pick: number; readonly forMs: number }
  /** `kill -9` of the parent: its workers die with it; another run of the same flow follows. */
  | { readonly kind: 'killParent'; readonly atMs: number }
  /** The parent is stopped while another takes over; then it is continued. */
  | { readonly kind: 'stopParent'; readonly atMs: number; readonly forMs: number }
  /** Everything stops; what was not synced may be lost. */
  | { readonly kind: 'powerLoss'; readonly atMs: number }
  /** At the n-th hit of a protocol moment. */
  | {
      readonly kind: 'failpoint'
      readonly name: FailpointName
      readonly hit: number
      readonly action: 'throw' | 'killWorker' | 'killParent' | 'stopWorker' | 'stopParent'
      /** Only hits in tasks that begin with one of these steps count. Default: all. */
      readonly steps?: readonly string[]
      /** How long a stop lasts. Default 1,000. */
      readonly forMs?: number
    }
  | {
      readonly kind: 'network'
      readonly atMs: number
      readonly forMs: number
      readonly faults: NetworkFaults
    }
  /** One worker, or the parent, cut off from everything. */
  | { readonly kind: 'partition'; readonly atMs: number; readonly forMs: number; readonly pick: number }
  /** File operations fail at this rate: full (`ENOSPC` for writes) or broken (`EIO`). */
  | {
      readonly kind: 'disk'
      readonly atMs: number
      readonly forMs: number
      readonly code: 'ENOSPC' | 'EIO'
      readonly rate: number
    }

export type FaultKind = Fault['kind']

/** Relative weights; 0 leaves a kind out. */
export type FaultRates = Partial<Record<FaultKind, number>>

const defaultRates: Required<FaultRates> = {
  killWorker: 3,
  stopWorker: 1,
  killParent: 2,
  stopParent: 1,
  powerLoss: 1,
  failpoint: 6,
  network: 2,
  partition: 1,
  disk: 1,
}

/** How long faults happen, virtual ms: the safety phase. */
const faultsMsDefault = 600

export function drawFaults(
  seed: number,
  given: FaultRates = {},
  faultsMs = faultsMsDefault,
): readonly Fault[] {
  const random = seededRandom(seed * 8 + 3)
  const rates = { ...defaultRates, ...given }
  const count = 1 + below(random, 4)
  return Array.from({ length: count }, () => drawFault(random, rates, faultsMs))
}

function drawFault(random: Random, rates: Required<FaultRates>, faultsMs: number): Fault {
  const atMs = unit(random) * faultsMs
  const forMs = unit(random) * 150
  const pick = unit(random)
  switch (drawKind(random, rates)) {
    case 'killWorker':
      return { kind: 'killWorker', atMs, pick }
    case 'stopWorker':
      return { kind: 'stopWorker', atMs, pick, forMs: pick < 0.5 ? forMs : 10_000 + forMs * 20 }
    case 'killParent':
      return { kind: 'killParent', atMs }
    case 'stopParent':
      return { kind: 'stopParent', atMs, forMs: forMs * 4 }
    case 'powerLoss':
      return { kind: 'powerLoss', atMs }
    case 'failpoint': {
      const name = failpointNames[below(random, failpointNames.length)] ?? 'task.captured'
      const actions = name.startsWith('coordinator.')
        ? ['throw', 'killParent']
        : ['throw', 'killWorker', 'killParent']
      const action = (actions[below(random, actions.length)] ?? 'throw') as 'throw'
      return { kind: 'failpoint', name, hit: 1 + below(random, 6), action }
    }
    case 'network': {
      const faults = {
        lossRate: unit(random) * 0.2,
        duplicateRate: unit(random) * 0.2,
        corruptRate: unit(random) * 0.05,
        delayMsMax: unit(random) * 40,
      }
      return { kind: 'network', atMs, forMs, faults }
    }
    case 'partition':
      return { kind: 'partition', atMs, forMs: forMs * 2, pick }
    case 'disk':
      return { kind: 'disk', atMs, forMs, code: pick < 0.5 ? 'ENOSPC' : 'EIO', rate: unit(random) * 0.5 }
  }
}

function drawKind(random: Random, rates: Required<FaultRates>): FaultKind {
  const kinds = Object.entries(rates) as [FaultKind, number][]
  let at = unit(random) * kinds.reduce((sum, [, rate]) => sum + rate, 0)
  for (const [kind, rate] of kinds) {
    at -= rate
    if (at < 0) return kind
  }
  return 'killWorker'
}
