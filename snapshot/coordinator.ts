/**
 * Takes the checkpoints of one deployment. Pure: `decide(state, fact)` answers with the next state and the
 * commands that the edge executes, in order.
 *
 * - C1: one checkpoint in flight. E6: ids rise above every id ever started or completed.
 * - C4: what is not complete after `alignmentTimeoutMs` becomes unaligned. Savepoints, the checkpoint of a stop and the
 *   final one stay aligned, as does the one after a failure for its channel state.
 * - C5: a checkpoint is complete when every task acknowledged and its manifest is in the log.
 * - E4: from `writeManifest` to `slotWritten` nothing else begins and nothing is given up.
 * - C6: after completion every task is told; a restore repeats it. The next checkpoint need not wait for
 *   commits: what is not confirmed stays in the snapshots.
 * - C8: late, stale and duplicate answers change nothing. A failure aborts one checkpoint; `failuresMax` in a
 *   row fail the job.
 * - C10: when every source ended the final checkpoint follows, again and again until it succeeds; when every
 *   task confirmed its commits the log says `finished`.
 */
import type { ErrorReport } from '../core/errors.ts'
import { reviveError } from '../core/errors.ts'
import { checkpointId, type CheckpointId, type TaskId } from '../core/ids.ts'
import { invariant, unreachable } from '../core/invariant.ts'
import { assembleManifest } from './assemble.ts'
import type {
  CoordinatorCommand,
  CoordinatorFact,
  Deployment,
  Moment,
  Purpose,
  SlotOutcome,
} from './coordinator-facts.ts'
import {
  overtakeAtMs,
  startAtMs,
  type Acknowledgement,
  type CoordinatorPhase,
  type CoordinatorState,
  type Decision,
  type InFlight,
} from './coordinator-state.ts'
import { CheckpointError, type CheckpointErrorCode, type SupersededError } from './errors.ts'
import type { Manifest, TaskSnapshot } from './manifest.ts'
import { missingOf, noTasks, withTask } from './task-set.ts'

export { startCoordinator, wakeAtMs } from './coordinator-state.ts'
export type { CoordinatorState } from './coordinator-state.ts'

/** A failed checkpoint is not tried again sooner. */
const retryDelayMsMax = 1_000

export function decide(state: CoordinatorState, fact: CoordinatorFact): Decision {
  if (state.phase.kind === 'over') return { state, commands: [] }
  const { state: next, commands } = take(state, fact)
  if (next.phase.kind !== 'idle') return { state: next, commands }
  const started = startIfDue(next, fact.now)
  return { state: started.state, commands: [...commands, ...started.commands] }
}

function take(state: CoordinatorState, fact: CoordinatorFact): Decision {
  switch (fact.kind) {
    case 'tick':
      return onTick(state, fact.now)
    case 'taskAcknowledged':
      return onAcknowledged(state, fact)
    case 'taskDeclined':
      return onDeclined(state, fact)
    case 'slotWritten':
      return onSlotWritten(state, fact.outcome, fact.now)
    case 'sourceEnded':
      return onSourceEnded(state, fact.task)
    case 'committed':
      return onCommitted(state, fact)
    case 'savepointRequested':
      return { state: { ...state, savepointWanted: true }, commands: [] }
    case 'stopRequested': {
      const savepoint = fact.savepoint || state.stopWanted?.savepoint === true
      return { state: { ...state, stopWanted: { savepoint } }, commands: [] }
    }
    default:
      return unreachable(fact, 'coordinator fact')
  }
}

function startIfDue(state: CoordinatorState, now: Moment): Decision {
  const atMs = startAtMs(state)
  if (atMs === null || now.monotonicMs < atMs) return { state, commands: [] }
  const { tasks, options } = state.deployment
  const final = state.sources.missing === 0
  const purpose: Purpose = {
    final,
    savepoint: state.savepointWanted || state.stopWanted?.savepoint === true,
    stop: state.stopWanted !== null && !final,
  }
  const checkpoint = checkpointId(state.newest + 1)
  const overtakeMs = overtakeAtMs(state, purpose, now)
  const unaligned = overtakeMs !== null && overtakeMs <= now.monotonicMs
  const trigger: CoordinatorCommand = { kind: 'trigger', checkpoint, ...purpose }
  return {
    state: {
      ...state,
      newest: checkpoint,
      alignNext: false,
      dueMs: options.everyMs === null ? null : now.monotonicMs + options.everyMs,
      savepointWanted: false,
      phase: {
        kind: 'collecting',
        checkpoint,
        purpose,
        started: now,
        answers: noTasks(tasks.length),
        acknowledged: null,
        unaligned,
        overtakeMs: unaligned ? null : overtakeMs,
      },
    },
    commands: unaligned ? [trigger, { kind: 'overtake', checkpoint }] : [trigger],
  }
}

function onTick(state: CoordinatorState, now: Moment): Decision {
  const { phase, deployment } = state
  if (phase.kind === 'finishing' && phase.retryMs !== null && now.monotonicMs >= phase.retryMs) {
    const { checkpoint } = phase
    return {
      state: { ...state, phase: { ...phase, retryMs: null } },
      commands: [{ kind: 'writeFinished', checkpoint }],
    }
  }
  if (phase.kind !== 'collecting') return { state, commands: [] }
  const { timeoutMs } = deployment.options
  if (now.monotonicMs < phase.started.monotonicMs + timeoutMs) return overtakeIfDue(state, phase, now)
  const missing = missingOf(phase.answers, deployment.tasks)
  const reason = new CheckpointError(
    'CHECKPOINT_TIMEOUT',
    phase.checkpoint,
    `checkpoint ${phase.checkpoint} must complete within ${timeoutMs} ms; ${missing.length} of ${deployment.tasks.length} tasks did not acknowledge: ${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ' …' : ''}; find what holds them up, or raise checkpoints.timeoutMs`,
    { details: { timeoutMs, missing: missing.slice(0, 100) } },
  )
  return abort(state, phase, reason, now)
}

function overtakeIfDue(
  state: CoordinatorState,
  phase: Extract<CoordinatorPhase, { kind: 'collecting' }>,
  now: Moment,
): Decision {
  const { checkpoint, overtakeMs } = phase
  if (overtakeMs === null || now.monotonicMs < overtakeMs) return { state, commands: [] }
  return {
    state: { ...state, phase: { ...phase, unaligned: true, overtakeMs: null } },
    commands: [{ kind: 'overtake', checkpoint }],
  }
}

function onAcknowledged(
  state: CoordinatorState,
  fact: Extract<CoordinatorFact, { kind: 'taskAcknowledged' }>,
): Decision {
  const { phase } = state
  const index = indexOf(state, fact.task)
  if (phase.kind !== 'collecting' || phase.checkpoint !== fact.checkpoint) return { state, commands: [] }
  const answers = withTask(phase.answers, index)
  if (answers === phase.answers) return { state, commands: [] }
  const acknowledged = { index, snapshot: fact.snapshot, before: phase.acknowledged }
  if (answers.missing > 0)
    return { state: { ...state, phase: { ...phase, answers, acknowledged } }, commands: [] }
  const { checkpoint, purpose, started, unaligned } = phase
  const manifest = manifestOf(state.deployment, phase, acknowledged, fact.now)
  return {
    state: { ...state, phase: { kind: 'writing', checkpoint, purpose, started, unaligned, manifest } },
    commands: [{ kind: 'writeManifest', manifest }],
  }
}

function manifestOf(deployment: Deployment, run: InFlight, last: Acknowledgement, now: Moment): Manifest {
  const snapshots: TaskSnapshot[] = []
  for (let at: Acknowledgement | null = last; at; at = at.before) snapshots[at.index] = at.snapshot
  const { job, epoch, fingerprint, keyGroups } = deployment
  const { checkpoint, purpose, started, unaligned } = run
  return assembleManifest(
    {
      job,
      checkpoint,
      epoch,
      final: purpose.final,
      savepoint: purpose.savepoint,
      unaligned,
      fingerprint,
      keyGroups,
      startedMs: started.wallMs,
      completedMs: now.wallMs,
    },
    snapshots,
  )
}

function onDeclined(
  state: CoordinatorState,
  fact: Extract<CoordinatorFact, { kind: 'taskDeclined' }>,
): Decision {
  const { phase } = state
  indexOf(state, fact.task)
  if (phase.kind !== 'collecting' || phase.checkpoint !== fact.checkpoint) return { state, commands: [] }
  const what = `${fact.task} could not take its snapshot for checkpoint ${fact.checkpoint}`
  return abort(
    { ...state, alignNext: fact.error.code === 'CHANNEL_STATE' },
    phase,
    failure('CHECKPOINT_DECLINED', phase, what, fact.error, { task: fact.task }),
    fact.now,
  )
}

function onSlotWritten(state: CoordinatorState, outcome: SlotOutcome, now: Moment): Decision {
  const { phase } = state
  const writes = phase.kind === 'writing' || (phase.kind === 'finishing' && phase.retryMs === null)
  invariant(writes, `E4: no slot write is under way (${phase.kind})`)
  if (outcome.kind === 'superseded') return failJob(state, outcome.error)
  if (phase.kind === 'writing') {
    if (outcome.kind === 'created') return complete(state, phase, now)
    const what = `the manifest of checkpoint ${phase.checkpoint} could not be written to the job log`
    return abort(state, phase, failure('CHECKPOINT_NOT_LOGGED', phase, what, outcome.error), now)
  }
  if (outcome.kind === 'created') {
    return { state: over(state), commands: [{ kind: 'finished', checkpoint: phase.checkpoint }] }
  }
  const failuresInARow = state.failuresInARow + 1
  const failed = { ...state, failuresInARow, phase: { ...phase, retryMs: retryAt(state, now) } }
  if (failuresInARow < state.deployment.options.failuresMax) return { state: failed, commands: [] }
  const what = `the end of the job could not be written to the job log`
  return failJob(failed, tooMany(failed, phase, failure('CHECKPOINT_NOT_LOGGED', phase, what, outcome.error)))
}

function complete(
  state: CoordinatorState,
  done: Extract<CoordinatorPhase, { kind: 'writing' }>,
  now: Moment,
): Decision {
  const { checkpoint, purpose, manifest } = done
  const { tasks, options } = state.deployment
  const phase: CoordinatorPhase =
    purpose.final || purpose.stop
      ? {
          kind: 'confirming',
          checkpoint,
          then: purpose.final ? 'finish' : 'stop',
          answers: noTasks(tasks.length),
        }
      : { kind: 'idle' }
  return {
    state: {
      ...state,
      phase,
      failuresInARow: 0,
      dueMs: dueAfter(state, now.monotonicMs + options.minPauseMs),
    },
    commands: [{ kind: 'tellComplete', checkpoint, manifest }],
  }
}

function onSourceEnded(state: CoordinatorState, task: TaskId): Decision {
  invariant(state.deployment.sources.includes(task), `C10: '${task}' is no source`)
  return { state: { ...state, sources: withTask(state.sources, indexOf(state, task)) }, commands: [] }
}

function onCommitted(
  state: CoordinatorState,
  fact: Extract<CoordinatorFact, { kind: 'committed' }>,
): Decision {
  const { phase } = state
  const index = indexOf(state, fact.task)
  if (phase.kind !== 'confirming' || fact.checkpoint < phase.checkpoint) return { state, commands: [] }
  const answers = withTask(phase.answers, index)
  if (answers.missing > 0) return { state: { ...state, phase: { ...phase, answers } }, commands: [] }
  const { checkpoint } = phase
  if (phase.then === 'stop') return { state: over(state), commands: [{ kind: 'stopped', checkpoint }] }
  return {
    state: { ...state, phase: { kind: 'finishing', checkpoint, retryMs: null } },
    commands: [{ kind: 'writeFinished', checkpoint }],
  }
}

function abort(state: CoordinatorState, run: InFlight, reason: CheckpointError, now: Moment): Decision {
  const failuresInARow = state.failuresInARow + 1
  const { options } = state.deployment
  const next: CoordinatorState = {
    ...state,
    phase: { kind: 'idle' },
    failuresInARow,
    retryMs: retryAt(state, now),
    dueMs: dueAfter(state, now.monotonicMs + options.minPauseMs),
  }
  const { checkpoint, purpose } = run
  const command: CoordinatorCommand = { kind: 'abort', checkpoint, reason, failuresInARow, ...purpose }
  if (failuresInARow < options.failuresMax) return { state: next, commands: [command] }
  const failed = failJob(next, tooMany(next, run, reason))
  return { state: failed.state, commands: [command, ...failed.commands] }
}

const failJob = (state: CoordinatorState, error: CheckpointError | SupersededError): Decision => ({
  state: over(state),
  commands: [{ kind: 'failJob', error }],
})

const over = (state: CoordinatorState): CoordinatorState => ({ ...state, phase: { kind: 'over' } })

const retryAt = ({ deployment }: CoordinatorState, now: Moment): number =>
  now.monotonicMs + Math.min(deployment.options.everyMs ?? retryDelayMsMax, retryDelayMsMax)

const dueAfter = ({ dueMs }: CoordinatorState, earliestMs: number): number | null =>
  dueMs === null ? null : Math.max(dueMs, earliestMs)

function indexOf(state: CoordinatorState, task: TaskId): number {
  const index = state.indexes.get(task)
  invariant(
    index !== undefined,
    `C8: '${task}' is no task of this deployment; stale facts are filtered by epoch`,
  )
  return index
}

function failure(
  code: CheckpointErrorCode,
  { checkpoint }: { readonly checkpoint: CheckpointId },
  what: string,
  error: ErrorReport,
  details: Readonly<Record<string, unknown>> = {},
): CheckpointError {
  return new CheckpointError(code, checkpoint, `${what}: ${error.message}`, {
    retry: error.retry === 'fatal' ? 'fatal' : 'retry',
    cause: reviveError(error),
    details: { ...details, code: error.code },
  })
}

function tooMany(
  state: CoordinatorState,
  { checkpoint }: { readonly checkpoint: CheckpointId },
  last: CheckpointError,
): CheckpointError {
  return new CheckpointError(
    'CHECKPOINT_FAILURES',
    checkpoint,
    `${state.failuresInARow} checkpoints in a row failed (checkpoints.failuresMax), the last one: ${last.message}`,
    { retry: last.retry, cause: last, details: { failuresInARow: state.failuresInARow } },
  )
}
