/** The options of `run`: given by the user, resolved once, rejected with the reason, never clamped. */
import { ConfigError } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import type { Ports } from '../core/ports/index.ts'
import { systemPorts } from '../core/system/index.ts'
import type { StoreDefinition } from '../snapshot/store.ts'
import {
  resolveCheckpointOptions,
  type CheckpointOptions as CheckpointTiming,
  type ResolvedCheckpointOptions,
} from '../snapshot/options.ts'
import { defaultRestartPolicy, shortestLimitMs, type RestartPolicy } from './kit/restart-policy.ts'
import { show } from '../core/show.ts'

export interface RunOptions {
  /** Tasks of each step that says nothing else. Default: `workers`, at least 1. */
  readonly parallelism?: number
  /** 0 (default): in this process. n: child processes, joined by NATS. */
  readonly workers?: number
  /** A server's URL, or `'embedded'` (default): a private `nats-server` child. Only used with workers. */
  readonly nats?: string
  readonly checkpoints?: CheckpointOptions
  readonly restart?: Partial<RestartPolicy>
  /**
   * The module whose default export is the flow, which worker processes load. Default: the script that this
   * process runs, in which `run` of the same flow becomes the worker.
   */
  readonly entry?: string | URL
  /**
   * How long a worker process may be busy with one turn of its event loop before it is ended as stuck. The job goes
   * on from its checkpoint, and fails with `WORKER_STUCK` when the same task is stuck again. Default 60 s.
   */
  readonly busyMsMax?: number
  /**
   * How long `open`, and whatever else a start or restart waits for from a source or sink of yours (`splits`, `prepare`,
   * `lastCommitted`, a read of the side of `joinStatic`), may take to answer, each by itself. What does not answer ends
   * the attempt with `OPEN_TIMEOUT`, and the job when it is so again after a restart. Restoring state does not count.
   * Default 60 s.
   */
  readonly openMsMax?: number
  /** Fixed at the job's first start. Default 128. */
  readonly keyGroups?: number
  /** Fuse forward steps into one task. Default true; the output does not depend on it. */
  readonly fuse?: boolean
  /** Check and freeze records that pass in memory. Default false. */
  readonly debug?: boolean
  /** Clock, timers, files, randomness, log; default: the machine's. */
  readonly ports?: Partial<Ports>
}

export interface CheckpointOptions extends CheckpointTiming {
  /** Default: memory, lost with the process; with workers a temporary folder. */
  readonly store?: StoreDefinition
  /** Consent to continue from something else than the newest complete checkpoint (C7). */
  readonly restore?: RestoreOptions
}

export interface RestoreOptions {
  /** Continue from this checkpoint or savepoint, or begin anew, though the log shows a newer one. */
  readonly checkpoint?: number | 'none'
  /** Go back as far as this checkpoint when the newest is damaged. */
  readonly allowOlder?: number
  /** Continue although a sink shows output that will be produced again. */
  readonly allowDuplicates?: boolean
  /** Steps that this flow does not have any more and whose state may be lost. */
  readonly dropState?: readonly string[]
}

export interface ResolvedOptions {
  readonly parallelism: number
  readonly workers: number
  readonly nats: string
  readonly checkpoints: ResolvedCheckpointOptions & {
    readonly store: StoreDefinition | undefined
    readonly restore: RestoreOptions
  }
  readonly restart: RestartPolicy
  readonly entry: string | undefined
  readonly busyMsMax: number
  readonly openMsMax: number
  readonly keyGroups: number
  readonly fuse: boolean
  readonly debug: boolean
  readonly ports: Ports
}

export function resolveOptions(given: RunOptions = {}): ResolvedOptions {
  checkObject('the options of run', given)
  rejectUnknown('an option of run', given, [
    'parallelism',
    'workers',
    'nats',
    'checkpoints',
    'restart',
    'entry',
    'busyMsMax',
    'openMsMax',
    'keyGroups',
    'fuse',
    'debug',
    'ports',
  ])
  const checkpoints = given.checkpoints ?? {}
  checkObject('checkpoints', checkpoints)
  rejectUnknown('an option of checkpoints', checkpoints, [
    'everyMs',
    'timeoutMs',
    'failuresMax',
    'minPauseMs',
    'keep',
    'alignmentTimeoutMs',
    'store',
    'restore',
  ])
  const restore = checkpoints.restore ?? {}
  checkObject('checkpoints.restore', restore)
  rejectUnknown('an option of checkpoints.restore', restore, [
    'checkpoint',
    'allowOlder',
    'allowDuplicates',
    'dropState',
  ])
  const restart = given.restart ?? {}
  checkObject('restart', restart)
  rejectUnknown('an option of restart', restart, Object.keys(defaultRestartPolicy))
  if (restart.strategy !== undefined && restart.strategy !== 'exponential') {
    throw new ConfigError(
      'OPTION_ILLEGAL',
      `restart.strategy must be 'exponential', got ${show(restart.strategy)}`,
    )
  }
  const workers = whole('workers', given.workers ?? 0, 0, limits.workersMax)
  return {
    workers,
    parallelism: whole('parallelism', given.parallelism ?? Math.max(1, workers), 1, limits.parallelismMax),
    nats: natsOption(given.nats, workers),
    checkpoints: {
      ...resolveCheckpointOptions(checkpoints),
      store: storeOption(checkpoints.store),
      restore: {
        ...restore,
        ...(restore.checkpoint !== undefined &&
          restore.checkpoint !== 'none' && {
            checkpoint: whole('checkpoints.restore.checkpoint', restore.checkpoint, 1),
          }),
        ...(restore.allowOlder !== undefined && {
          allowOlder: whole('checkpoints.restore.allowOlder', restore.allowOlder, 1),
        }),
        allowDuplicates: flag('checkpoints.restore.allowDuplicates', restore.allowDuplicates ?? false),
      },
    },
    restart: resolveRestart(restart),
    entry: given.entry === undefined ? undefined : String(given.entry),
    busyMsMax: whole('busyMsMax', given.busyMsMax ?? 60_000, 1_000),
    openMsMax: whole('openMsMax', given.openMsMax ?? 60_000, 1, limits.timerDelayMsMax),
    keyGroups: whole('keyGroups', given.keyGroups ?? limits.keyGroupsDefault, 1, limits.keyGroupsMax),
    fuse: flag('fuse', given.fuse ?? true),
    debug: flag('debug', given.debug ?? false),
    ports: { ...systemPorts, ...given.ports },
  }
}

function resolveRestart(given: Partial<RestartPolicy>): RestartPolicy {
  const defaults = defaultRestartPolicy
  const policy: RestartPolicy = {
    strategy: 'exponential',
    restartsMax: whole('restart.restartsMax', given.restartsMax ?? defaults.restartsMax, 0),
    withinMs: whole('restart.withinMs', given.withinMs ?? defaults.withinMs, 1),
    delayMs: whole('restart.delayMs', given.delayMs ?? defaults.delayMs, 0),
    delayMsMax: whole('restart.delayMsMax', given.delayMsMax ?? defaults.delayMsMax, 0),
  }
  const leastMs = shortestLimitMs(policy)
  if (leastMs < policy.withinMs) return policy
  throw new ConfigError(
    'OPTION_ILLEGAL',
    `restart.restartsMax (${policy.restartsMax}) could never be reached: so many restarts wait ${leastMs} ms in all, and only those within restart.withinMs (${policy.withinMs} ms) count; raise withinMs, or lower delayMsMax`,
  )
}

function whole(name: string, value: number, min: number, max = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value
  const range = max === Number.MAX_SAFE_INTEGER ? `≥ ${min}` : `from ${min} to ${max}`
  throw new ConfigError('OPTION_ILLEGAL', `${name} must be a whole number ${range}, got ${show(value)}`)
}

function flag(name: string, value: boolean): boolean {
  if (typeof value === 'boolean') return value
  throw new ConfigError('OPTION_ILLEGAL', `${name} must be true or false, got ${show(value)}`)
}

function checkObject(name: string, value: object): void {
  if (typeof value === 'object' && (value as object | null) !== null) return
  throw new ConfigError('OPTION_ILLEGAL', `${name} must be an object, got ${show(value)}`)
}

function storeOption(given: StoreDefinition | undefined): StoreDefinition | undefined {
  const opens = typeof (given as Partial<StoreDefinition> | undefined)?.open === 'function'
  if (given === undefined || opens) return given
  throw new ConfigError(
    'OPTION_ILLEGAL',
    `checkpoints.store must be a store, such as fileStore('.millrace'), got ${show(given)}`,
  )
}

function natsOption(given: string | undefined, workers: number): string {
  if (given !== undefined && workers === 0) {
    throw new ConfigError(
      'OPTION_ILLEGAL',
      `nats joins worker processes; with workers: 0 everything is in this process. Set workers to 1 or more, or leave nats out`,
    )
  }
  const nats = given ?? 'embedded'
  if (nats === 'embedded' || /^(nats|tls):\/\/\S+$/.test(nats)) return nats
  throw new ConfigError(
    'OPTION_ILLEGAL',
    `nats must be 'embedded' or a URL such as nats://localhost:4222, got ${show(nats)}`,
  )
}

function rejectUnknown(kind: string, given: object, known: readonly string[]): void {
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue
    throw new ConfigError('OPTION_UNKNOWN', `'${name}' is not ${kind}; known are ${known.join(', ')}`)
  }
}
