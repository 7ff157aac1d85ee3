/**
 * Which checkpoint a job starts from. Pure: facts in, a choice or a refusal out.
 *
 * - C7: the newest complete checkpoint. Damaged is not absent: while a slot or part that is, or may be, newer
 *   cannot be read, nothing older is restored without a person's consent.
 * - C7: restoring an older one, or nothing, is followed by `checkSinks`, which refuses with both ids named.
 * - C10: from `final`, commit and finish; from `finished`, finish at once.
 */
import type { CheckpointId, StepName, Term } from '../core/ids.ts'
import type { MillraceError } from '../core/errors.ts'
import { RecoveryError } from './errors.ts'
import { comparePlaces, hidingDamages, placeLabel, type History, type LoggedCheckpoint } from './log/index.ts'
import type { Manifest } from './manifest.ts'

export interface RecoveryFacts {
  readonly history: History
  /** Checkpoints whose parts a restore found missing or damaged, with what it found. */
  readonly unusable?: ReadonlyMap<CheckpointId, MillraceError>
  /**
   * The term of this coordinator, when it restores again: once a checkpoint of this term is complete, the
   * request was fulfilled and the newest one counts.
   */
  readonly term?: Term
}

/** What a person asked for; nothing by default. */
export interface RecoveryRequest {
  /** Restore this checkpoint or savepoint, or start from nothing, though the log shows a newer one. */
  readonly checkpoint?: CheckpointId | 'none'
  /** Consent: go back as far as this checkpoint when the newest cannot be used. */
  readonly allowOlder?: CheckpointId
}

export type Recovery =
  /** `older`: the log shows, or may hide, a checkpoint: staged output is set aside and the sinks are asked. */
  | { readonly kind: 'fresh'; readonly older: boolean }
  | { readonly kind: 'restore'; readonly manifest: Manifest; readonly older: boolean }
  | { readonly kind: 'finished'; readonly checkpoint: CheckpointId }

/** Throws `CHECKPOINT_DAMAGED` or `CHECKPOINT_UNKNOWN`. */
export function chooseRecovery(facts: RecoveryFacts, request: RecoveryRequest = {}): Recovery {
  const { history, term } = facts
  const newest = history.checkpoints.at(-1)
  const fulfilled = term !== undefined && newest?.term === term
  if (request.checkpoint !== undefined && !fulfilled) return chooseRequested(facts, request.checkpoint)

  const obstacles = obstaclesOf(facts)
  if (obstacles.length > 0) return chooseOlder(facts, obstacles, request.allowOlder)
  const finish = history.finishes.at(-1)
  if (finish && (!newest || comparePlaces(finish, newest) > 0)) {
    return { kind: 'finished', checkpoint: finish.checkpoint }
  }
  return newest
    ? { kind: 'restore', manifest: newest.manifest, older: false }
    : { kind: 'fresh', older: false }
}

export interface SinkAnswer {
  readonly step: StepName
  readonly guarantee: 'exactly-once' | 'at-least-once'
  /** The newest checkpoint whose output is visible; null when none is. */
  readonly lastCommitted: CheckpointId | null
}

/**
 * C7: a restore of `chosen` (null: a fresh start) produces everything after it again, so no exactly-once sink
 * may show output of a later checkpoint. Throws `SINK_AHEAD` unless a person consented to duplicates.
 */
export function checkSinks(
  chosen: CheckpointId | null,
  sinks: readonly SinkAnswer[],
  consent: { readonly allowDuplicates?: boolean } = {},
): void {
  if (consent.allowDuplicates === true) return
  for (const { step, guarantee, lastCommitted } of sinks) {
    if (guarantee !== 'exactly-once' || lastCommitted === null || lastCommitted <= (chosen ?? 0)) continue
    const start = chosen === null ? 'a start from nothing' : `a restore of checkpoint ${chosen}`
    throw new RecoveryError(
      'SINK_AHEAD',
      `sink '${step}' already shows output up to checkpoint ${lastCommitted}; ${start} would produce what followed ${chosen ?? 'the start'} again. Restore checkpoint ${lastCommitted}, remove the sink's output, or consent to duplicates (allowDuplicates)`,
      { details: { step, chosen, lastCommitted } },
    )
  }
}

interface Obstacle {
  readonly what: string
  readonly error: MillraceError
}

/** Everything that is, or may be, newer than what can be restored. */
function obstaclesOf({ history, unusable }: RecoveryFacts): Obstacle[] {
  const newest = history.checkpoints.at(-1)
  const hiding = hidingDamages(history).map((damage) => ({
    what: `log slot ${placeLabel(damage)}, which may be a newer checkpoint`,
    error: damage.error,
  }))
  const error = newest && unusable?.get(newest.manifest.checkpoint)
  return error ? [{ what: `checkpoint ${newest.manifest.checkpoint}`, error }, ...hiding] : hiding
}

function chooseOlder(facts: RecoveryFacts, obstacles: readonly Obstacle[], allowed?: CheckpointId): Recovery {
  const usable = facts.history.checkpoints.filter(({ manifest }) => !facts.unusable?.has(manifest.checkpoint))
  const candidate = usable.at(-1)
  if (candidate && allowed !== undefined && candidate.manifest.checkpoint >= allowed) {
    return { kind: 'restore', manifest: candidate.manifest, older: true }
  }
  const [first] = obstacles
  const id = candidate?.manifest.checkpoint
  const mend =
    id === undefined
      ? `no older checkpoint is whole; repair the store from a copy, or consent to a start from nothing (checkpoint: 'none')`
      : `the newest whole checkpoint is ${id}; repair the store from a copy, or consent to it (allowOlder: ${id})`
  throw new RecoveryError(
    'CHECKPOINT_DAMAGED',
    `cannot restore ${obstacles.map(({ what }) => what).join(' and ')} (${first?.error.message}); ${mend}`,
    { cause: first?.error, details: { damaged: obstacles.map(({ what }) => what), older: id ?? null } },
  )
}

function chooseRequested({ history, unusable }: RecoveryFacts, requested: CheckpointId | 'none'): Recovery {
  const newest = history.checkpoints.at(-1)
  const hidden = hidingDamages(history).length > 0
  if (requested === 'none') return { kind: 'fresh', older: newest !== undefined || hidden }
  const found = findCheckpoint(history, requested)
  if (!found) {
    const ids = history.checkpoints.map(({ manifest }) => manifest.checkpoint)
    throw new RecoveryError(
      'CHECKPOINT_UNKNOWN',
      `checkpoint ${requested} is not in the log, found ${ids.length === 0 ? 'none' : ids.join(', ')}; ask for one of these`,
      { details: { requested, found: ids } },
    )
  }
  const error = unusable?.get(requested)
  if (error) {
    throw new RecoveryError(
      'CHECKPOINT_DAMAGED',
      `cannot restore checkpoint ${requested}: ${error.message}`,
      {
        cause: error,
        details: { damaged: [requested] },
      },
    )
  }
  return { kind: 'restore', manifest: found.manifest, older: hidden || found !== newest }
}

/** The last one with this id. */
function findCheckpoint(history: History, id: CheckpointId): LoggedCheckpoint | undefined {
  return history.checkpoints.findLast(({ manifest }) => manifest.checkpoint === id)
}
