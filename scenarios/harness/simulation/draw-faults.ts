/** Which faults happen in one run, from its seed alone. */
import { ConfigError } from '../../../core/errors.ts'
import { failpointNames } from '../../../core/ports/failpoints.ts'
import { below, unit, type Random } from '../../../core/ports/random.ts'
import { seededRandom } from '../../../core/simulated/random.ts'
import type { Fault, FaultKind } from './faults.ts'
import { slowFolders } from './folders.ts'

/**
 * Weights of the kinds, relative to each other; 0 leaves a kind out. `rescale` is left out unless it is given a weight:
 * it is for flows that show the same with any number of tasks.
 */
export type FaultRates = Partial<Record<FaultKind, number>>

const defaultRates: Required<FaultRates> = {
  killWorker: 3,
  stopWorker: 1,
  killParent: 2,
  stopParent: 2,
  startAgain: 1,
  rescale: 0,
  powerLoss: 1,
  failpoint: 8,
  network: 2,
  partition: 1,
  oneWay: 1,
  natsRestart: 1,
  disk: 1,
  slowDisk: 1,
  bitFlip: 1,
  bitRot: 0.5,
  clockJump: 0.5,
  throwingCode: 1,
  slowCode: 0.5,
}

/** Where faults may fall. */
export interface FaultSpan {
  readonly ms: number
  /** Of user code. */
  readonly calls: number
}

/** For a run that takes so much without failures: faults prolong it, later ones would find nobody. */
export const spanOf = (ms: number, calls: number): FaultSpan => ({ ms: ms * 1.5, calls: calls * 1.5 })
export const usualSpan = spanOf(300, 500)

const faultsMax = 4
const hourMs = 3_600_000

/** Rates by kind, with the defaults of those not given. Throws ConfigError `FAULT_RATE`. */
export function resolveRates(given: FaultRates = {}): Required<FaultRates> {
  for (const [kind, rate] of Object.entries(given)) {
    if (!(kind in defaultRates)) {
      const known = Object.keys(defaultRates).join(', ')
      throw new ConfigError('FAULT_RATE', `'${kind}' is not a kind of fault; known are ${known}`)
    }
    if (typeof rate === 'number' && rate >= 0 && Number.isFinite(rate)) continue
    const message = `faults.${kind} must be a weight of 0 or more, got ${JSON.stringify(rate)}`
    throw new ConfigError('FAULT_RATE', message)
  }
  const rates = { ...defaultRates, ...given }
  if (Object.values(rates).some((rate) => rate > 0)) return rates
  throw new ConfigError('FAULT_RATE', 'faults leaves out every kind: give at least one a weight above 0')
}

/** These kinds and no other. */
export const onlyRates = (rates: FaultRates): FaultRates => ({
  ...(Object.fromEntries(Object.keys(defaultRates).map((kind) => [kind, 0])) as FaultRates),
  ...rates,
})

/** One to four faults within the span, of resolved rates. */
export function drawFaults(
  seed: number,
  rates: Required<FaultRates>,
  span: FaultSpan = usualSpan,
): readonly Fault[] {
  const random = seededRandom(seed * 8 + 3)
  const count = 1 + below(random, faultsMax)
  return Array.from({ length: count }, () => drawFault(random, rates, span))
}

function drawFault(random: Random, rates: Required<FaultRates>, span: FaultSpan): Fault {
  const atMs = unit(random) * span.ms
  const call = 1 + below(random, Math.ceil(span.calls))
  const forMs = unit(random) * 150
  const pick = unit(random)
  const kind = drawKind(random, rates)
  switch (kind) {
    case 'killWorker':
      return { kind, atMs, pick }
    case 'stopWorker':
      return { kind, atMs, pick, forMs: pick < 0.5 ? forMs : 10_000 + forMs * 20 }
    case 'killParent':
    case 'startAgain':
    case 'powerLoss':
      return { kind, atMs }
    case 'rescale':
      return { kind, atMs, parallelism: 1 + below(random, 4), workers: 1 + below(random, 3) }
    case 'stopParent': {
      const worker = oneOf(random, [undefined, 'kill', 'stop'] as const)
      // Long enough for another run to take over, and now and then to be through.
      return { kind, atMs, forMs: pick < 0.3 ? forMs * 100 : forMs * 4, ...(worker && { worker }) }
    }
    case 'failpoint':
      return drawFailpoint(random)
    case 'network':
      return { kind, atMs, forMs: forMs * 3, faults: drawNetwork(random) }
    case 'partition':
      return { kind, atMs, forMs: forMs * 2, pick }
    case 'oneWay':
      return { kind, atMs, forMs: forMs * 2, pick, direction: oneOf(random, ['in', 'out'] as const) }
    case 'natsRestart':
      return { kind, atMs, forMs: pick < 0.8 ? forMs : forMs * 40 }
    case 'disk':
      return {
        kind,
        atMs,
        forMs: forMs * 2,
        code: pick < 0.4 ? 'ENOSPC' : 'EIO',
        rate: unit(random) * 0.5,
        ...drawEnd(random),
      }
    case 'slowDisk': {
      const where = oneOf(random, slowFolders)
      const operationMsMax = pick < 0.7 ? pick * 100 : 30_000 * unit(random)
      return { kind, atMs, forMs, operationMsMax, where, ...drawEnd(random) }
    }
    case 'bitFlip':
      return { kind, atMs, forMs: forMs * 20, rate: unit(random) ** 3 * 0.5 }
    case 'bitRot':
      return { kind, atMs, pick, bit: unit(random) }
    case 'clockJump':
      return { kind, atMs, byMs: pick < 0.5 ? -hourMs : hourMs }
    case 'throwingCode':
      return { kind, call, when: oneOf(random, ['before', 'after'] as const) }
    case 'slowCode':
      return { kind, call, forMs: pick < 0.7 ? forMs : forMs * 60 }
  }
}

function drawFailpoint(random: Random): Fault {
  const name = oneOf(random, failpointNames)
  const stop = unit(random) < 0.15
  const forMs = unit(random) * 1_000
  const role = name.startsWith('coordinator.') ? 'Parent' : oneOf(random, ['Parent', 'Worker'] as const)
  const hit = 1 + below(random, 6)
  if (stop) return { kind: 'failpoint', name, hit, action: `stop${role}`, forMs }
  return {
    kind: 'failpoint',
    name,
    hit,
    action: oneOf(random, ['throw', `kill${role}`, 'losePower'] as const),
  }
}

const drawNetwork = (random: Random) => ({
  lossRate: unit(random) * 0.2,
  duplicateRate: unit(random) * 0.2,
  corruptRate: unit(random) * 0.05,
  reorderRate: unit(random) < 0.5 ? 0 : unit(random) * 0.3,
  delayMsMax: unit(random) * 40,
})

/** A disk in trouble takes the machine with it now and then. */
const drawEnd = (random: Random): { readonly endsDark?: true } =>
  unit(random) < 0.3 ? { endsDark: true } : {}

const oneOf = <T>(random: Random, items: readonly T[]): T => items[below(random, items.length)] as T

function drawKind(random: Random, rates: Required<FaultRates>): FaultKind {
  const kinds = Object.entries(rates) as [FaultKind, number][]
  let at = unit(random) * kinds.reduce((sum, [, rate]) => sum + rate, 0)
  for (const [kind, rate] of kinds) {
    at -= rate
    if (at < 0) return kind
  }
  return kinds.find(([, rate]) => rate > 0)?.[0] ?? 'killWorker'
}
