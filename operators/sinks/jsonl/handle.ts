/**
 * What a snapshot keeps of one staged file until its commit is confirmed: any task can commit it. Of a checkpoint's
 * files in several partitions it keeps a list.
 */
import { checkpointId, epochLabel, type CheckpointId, type Epoch } from '../../../core/ids.ts'
import { SinkError } from '../errors.ts'
import { show } from '../../../core/show.ts'

export interface StagedFile {
  /** Name in the output folder, while it is staged. */
  readonly staged: string
  /** Name in the output folder, once it is committed, behind its partition's folders. */
  readonly final: string
  /** SHA-256 of the content, hex. */
  readonly digest: string
  readonly bytes: number
  readonly records: number
  readonly checkpoint: CheckpointId
}

const stagedPattern = /^\.staged-(\d+)\.\d+-\d+-\d+\.jsonl$/
const finalPattern = /^part-\d+-(\d+)\.jsonl$/

/** Names of partitions' folders: nothing that a file system or a reader takes for something else. */
const segmentPattern = /^[A-Za-z0-9][A-Za-z0-9_.=:+-]{0,99}$/
const segmentsMax = 8

/** Whether it may stand before a file's name: `''`, or folders with `/` between them. */
export function isPartition(partition: string): boolean {
  if (partition === '') return true
  const segments = partition.split('/')
  return segments.length <= segmentsMax && segments.every(isSegment)
}

const isSegment = (segment: string): boolean => segmentPattern.test(segment) && !segment.endsWith('.jsonl')

/** E6: no two files of a folder, ever, get the same name. `sequence` counts a task's files in an epoch. */
export const stagedName = (epoch: Epoch, taskIndex: number, sequence: number): string =>
  `.staged-${epochLabel(epoch)}-${taskIndex}-${sequence}.jsonl`

export const finalName = (partition: string, taskIndex: number, checkpoint: CheckpointId): string =>
  `${partition === '' ? '' : `${partition}/`}part-${taskIndex}-${checkpoint}.jsonl`

/** The reign under which a staged file was written; null for other files. */
export function stagedTerm(name: string): number | null {
  const [, term] = stagedPattern.exec(name) ?? []
  return term === undefined ? null : Number(term)
}

/** The checkpoint that a committed file belongs to; null for other files. */
export function committedCheckpoint(name: string): CheckpointId | null {
  const [, id] = finalPattern.exec(name) ?? []
  return id === undefined ? null : checkpointId(Number(id))
}

/** Handles come back from snapshots, so they are not trusted: names stay inside the folder. */
export const parseHandles = (handles: readonly unknown[]): StagedFile[] => handles.flat().map(parseHandle)

function parseHandle(handle: unknown): StagedFile {
  const { staged, final, digest, bytes } = (handle ?? {}) as Partial<StagedFile>
  const legal =
    typeof staged === 'string' &&
    stagedPattern.test(staged) &&
    typeof final === 'string' &&
    isFinal(final) &&
    typeof digest === 'string' &&
    /^[0-9a-f]{64}$/.test(digest) &&
    Number.isSafeInteger(bytes)
  if (legal) return handle as StagedFile
  throw new SinkError('HANDLE_ILLEGAL', `expected the handle of a staged file, found ${show(handle)}`, {
    retry: 'fatal',
  })
}

function isFinal(path: string): boolean {
  const at = path.lastIndexOf('/')
  return finalPattern.test(path.slice(at + 1)) && isPartition(at < 0 ? '' : path.slice(0, at)) && at !== 0
}
