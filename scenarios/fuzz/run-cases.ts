/**
 * Cases, one after the other. A case is a function of (seed, number): its target is the number's remainder, its bytes
 * come from its own random numbers, so that one can be shown again alone.
 */
import { isTyped } from '../../core/errors.ts'
import { below } from '../../core/ports/random.ts'
import { seededRandom } from '../../core/simulated/random.ts'
import { mutate } from './mutate.ts'
import type { FuzzTarget } from './target.ts'

export interface Share {
  readonly seed: number
  readonly from: number
  readonly to: number
}

export interface TargetCounts {
  cases: number
  accepted: number
  /** By the code of the error, or `none` where a decoder answers that it is nothing. */
  rejected: Record<string, number>
}

export interface FuzzFailure {
  readonly case: number
  readonly target: string
  readonly what: string
}

export interface ShareReport {
  readonly counts: Record<string, TargetCounts>
  readonly failures: FuzzFailure[]
  slowestMs: number
  slowestCase: number
}

/** What one case may take, alone: its bytes are at most 64 KB, of which a decoder makes some ms. */
const caseMsMax = 500
const triesMax = 5
const failuresKept = 10
/** Cases whose checksums are made right. */
const resealedOf4 = 3

/** `at` is told the number of every case before it runs: whoever watches knows where it hangs. */
export function runCases(
  targets: readonly FuzzTarget[],
  { seed, from, to }: Share,
  at: (number: number) => void = () => undefined,
): ShareReport {
  const report: ShareReport = { counts: {}, failures: [], slowestMs: 0, slowestCase: from }
  for (const { name } of targets) report.counts[name] = { cases: 0, accepted: 0, rejected: {} }
  for (let number = from; number < to; number += 1) {
    at(number)
    runCase(targets, seed, number, report)
  }
  return report
}

function runCase(targets: readonly FuzzTarget[], seed: number, number: number, report: ShareReport): void {
  const { target, bytes } = caseOf(targets, seed, number)
  const tookMs = countOne(target, bytes, number, report)
  if (tookMs <= report.slowestMs) return
  report.slowestMs = tookMs
  report.slowestCase = number
  if (tookMs <= caseMsMax) return
  report.slowestMs = fastestMs(() => outcomeOf(target, bytes))
  if (report.slowestMs > caseMsMax) {
    fail(report, { case: number, target: target.name, what: `took ${Math.round(report.slowestMs)} ms` })
  }
}

/** Another process may have had the processor: the fastest of some, or the first that is fast, is the case's own. */
function fastestMs(run: () => Outcome): number {
  let fastest = Infinity
  for (let tries = 0; tries < triesMax && fastest > caseMsMax; tries += 1) {
    fastest = Math.min(fastest, timed(run).tookMs)
  }
  return fastest
}

/** The bytes of a case, and who reads them. */
export function caseOf(
  targets: readonly FuzzTarget[],
  seed: number,
  number: number,
): { readonly target: FuzzTarget; readonly bytes: Buffer } {
  const target = targets[number % targets.length]!
  const random = seededRandom(seed * 2 ** 32 + number)
  const bytes = mutate(random, target.samples)
  if (target.reseal && below(random, 4) < resealedOf4) target.reseal(bytes)
  return { target, bytes }
}

function countOne(target: FuzzTarget, bytes: Buffer, number: number, report: ShareReport): number {
  const { outcome, tookMs } = timed(() => outcomeOf(target, bytes))
  const counts = report.counts[target.name]!
  counts.cases += 1
  if (outcome.kind === 'accepted') counts.accepted += 1
  else if (outcome.kind === 'rejected') {
    counts.rejected[outcome.code] = (counts.rejected[outcome.code] ?? 0) + 1
  } else fail(report, { case: number, target: target.name, what: outcome.what })
  return tookMs
}

type Outcome =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'rejected'; readonly code: string }
  | { readonly kind: 'failed'; readonly what: string }

function outcomeOf(target: FuzzTarget, bytes: Buffer): Outcome {
  try {
    return target.read(bytes) ? { kind: 'accepted' } : { kind: 'rejected', code: 'none' }
  } catch (error) {
    // An invariant is the engine's own contradiction: no input may bring it about.
    if (isTyped(error) && error.code !== 'INVARIANT') return { kind: 'rejected', code: error.code }
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { kind: 'failed', what: `no typed refusal of its input: ${what}` }
  }
}

function timed(run: () => Outcome): { readonly outcome: Outcome; readonly tookMs: number } {
  const startedMs = performance.now()
  const outcome = run()
  return { outcome, tookMs: performance.now() - startedMs }
}

function fail({ failures }: ShareReport, failure: FuzzFailure): void {
  if (failures.length < failuresKept) failures.push(failure)
}
