/**
 * E6: a part is named by (epoch, checkpoint, task, ordinal): `3.1.42.by-page.0.0` is the first part that
 * `by-page[0]` wrote for checkpoint 42 in epoch 3.1. Nothing else is a part's name, so no name leaves its folder.
 */
import {
  checkpointId,
  epochLabel,
  termNumber,
  type CheckpointId,
  type Epoch,
  type TaskId,
} from '../core/ids.ts'
import { limits } from '../core/limits.ts'
import { PartError } from './errors.ts'

export interface PartOwner {
  readonly epoch: Epoch
  readonly checkpoint: CheckpointId
  readonly task: TaskId
}

const number = '(0|[1-9][0-9]{0,14})'
const pattern = new RegExp(
  `^${number}\\.${number}\\.${number}\\.([A-Za-z][A-Za-z0-9_-]{0,${limits.nameLengthMax - 1}})\\.${number}\\.${number}$`,
)
const taskPattern = /^([A-Za-z][A-Za-z0-9_-]*)\[([0-9]+)\]$/

export function partName(owner: PartOwner, ordinal: number): string {
  const [, head, index] = taskPattern.exec(owner.task) ?? []
  const name = `${epochLabel(owner.epoch)}.${owner.checkpoint}.${head}.${index}.${ordinal}`
  return checkPartName(name)
}

export const isPartName = (name: string): boolean => parsePartName(name) !== null

/** Null for anything that is not a part's name. */
export function parsePartName(name: string): (PartOwner & { readonly ordinal: number }) | null {
  const [, term, attempt, checkpoint, head, index, ordinal] = pattern.exec(name) ?? []
  if (term === undefined || Number(term) < 1 || Number(checkpoint) < 1) return null
  return {
    epoch: { term: termNumber(Number(term)), attempt: Number(attempt) },
    checkpoint: checkpointId(Number(checkpoint)),
    task: `${head}[${index}]` as TaskId,
    ordinal: Number(ordinal),
  }
}

/** Throws `PART_NAME`. */
export function checkPartName(name: string): string {
  if (isPartName(name)) return name
  throw new PartError(
    'PART_NAME',
    `a part's name must be <term>.<attempt>.<checkpoint>.<step>.<index>.<ordinal>, got ${JSON.stringify(name)}`,
    { details: { name } },
  )
}
