/**
 * Whether and when to restart after a failure: a pure function.
 *
 * - First delay 0, then exponential with jitter.
 * - Only restarts with no checkpoint completed in between count towards the limit.
 * - `fatal` errors are never retried; the same step failing again on an equal record is class `record`.
 * - What hung until its deadline may hang so long each time that no window ever fills up: twice in a row is enough.
 */
import { MillraceError, type ErrorClass } from '../../core/errors.ts'

export interface RestartPolicy {
  readonly strategy: 'exponential'
  /** Restarts in a row, without a checkpoint completed in between, within the window. Default 10. */
  readonly restartsMax: number
  /** Default 60 s. */
  readonly withinMs: number
  /** Delay of the second restart in a row. Default 100 ms. */
  readonly delayMs: number
  /** Default 10 s. */
  readonly delayMsMax: number
}

export const defaultRestartPolicy: RestartPolicy = {
  strategy: 'exponential',
  restartsMax: 10,
  withinMs: 60_000,
  delayMs: 100,
  delayMsMax: 10_000,
}

/** Before jitter; `counted` ≥ 1 restarts have happened. */
const backoffMs = ({ delayMs, delayMsMax }: RestartPolicy, counted: number): number =>
  delayMs === 0 ? 0 : Math.min(delayMsMax, delayMs * 2 ** (counted - 1))

/** How long `restartsMax` restarts in a row take at least, by their delays alone: a longer window can fill up. */
export function shortestLimitMs(policy: RestartPolicy): number {
  let sum = 0
  for (let counted = 1; counted < policy.restartsMax; counted += 1) {
    const delayMs = backoffMs(policy, counted)
    if (delayMs === 0 || delayMs === policy.delayMsMax) return sum + delayMs * (policy.restartsMax - counted)
    sum += delayMs
  }
  return sum
}

export interface RestartState {
  /** When the restarts happened that count. */
  readonly countedMs: readonly number[]
  /** The step and record that failed last, to tell a poison record. */
  readonly lastPoison: string | undefined
  /** Something did not open in the last attempt. */
  readonly lastHung?: boolean
}

export const noRestarts: RestartState = { countedMs: [], lastPoison: undefined }

export interface Failure {
  readonly retry: ErrorClass
  readonly nowMs: number
  /** Equal for equal records at the same step; undefined when no record was involved. */
  readonly poison?: string | undefined
  /** What did not open in time; no record was involved. */
  readonly hung?: boolean
  /** In [0, 1). */
  readonly chance: number
}

export type RestartDecision =
  | { readonly kind: 'restart'; readonly delayMs: number; readonly state: RestartState }
  | { readonly kind: 'give-up'; readonly reason: 'fatal' | 'record' | 'hung' | 'limit' }

export function decideRestart(policy: RestartPolicy, state: RestartState, failure: Failure): RestartDecision {
  if (failure.retry === 'fatal') return { kind: 'give-up', reason: 'fatal' }
  if (failure.retry === 'record') return { kind: 'give-up', reason: 'record' }
  if (failure.hung === true && state.lastHung === true) return { kind: 'give-up', reason: 'hung' }
  if (failure.poison !== undefined && failure.poison === state.lastPoison) {
    return { kind: 'give-up', reason: 'record' }
  }
  const recent = state.countedMs.filter((atMs) => failure.nowMs - atMs < policy.withinMs)
  if (recent.length >= policy.restartsMax) return { kind: 'give-up', reason: 'limit' }
  const delayMs =
    recent.length === 0
      ? 0
      : Math.min(policy.delayMsMax, backoffMs(policy, recent.length) * (0.75 + failure.chance / 2))
  return {
    kind: 'restart',
    delayMs,
    state: {
      countedMs: [...recent, failure.nowMs],
      lastPoison: failure.poison,
      ...(failure.hung === true && { lastHung: true }),
    },
  }
}

/**
 * A completed checkpoint is progress: earlier restarts no longer count. `opened`: by then whatever began to open with the
 * deployment has opened; a split that hangs stops no checkpoint.
 */
export function checkpointCompleted(
  state: RestartState,
  { opened }: { readonly opened: boolean },
): RestartState {
  const { countedMs, lastPoison, lastHung = false } = state
  if (countedMs.length === 0 && !(lastHung && opened)) return state
  return { countedMs: [], lastPoison, ...(lastHung && !opened && { lastHung }) }
}

/** What a job fails with when the policy says to give up. */
export function givenUp(
  reason: 'fatal' | 'record' | 'hung' | 'limit',
  error: MillraceError,
  policy: RestartPolicy,
): MillraceError {
  // What says by itself that no restart helps, says how to mend it.
  if (reason === 'fatal' || error.retry === 'record') return error
  const why =
    // A task that is stuck again has no step to name.
    reason === 'hung' || (reason === 'record' && error.details.step === undefined)
      ? 'it was so before the restart, too'
      : reason === 'record'
        ? 'the same record fails at the same step after a restart; mend the step, or give it onError: skip or dead-letter'
        : `${policy.restartsMax} restarts in a row without a completed checkpoint (restart.restartsMax)`
  return new MillraceError(error.code, `${error.message}; given up: ${why}`, {
    retry: reason === 'record' ? 'record' : error.retry,
    cause: error,
    details: error.details,
  })
}
