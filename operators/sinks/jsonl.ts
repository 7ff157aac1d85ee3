import { ConfigError } from '../../core/errors.ts'
import type { SinkDefinition } from '../sink.ts'
import { SinkError } from './errors.ts'
import { toJson } from './json.ts'
import { newestCommitted, prepareFolder } from './jsonl/folder.ts'
import { JsonlWriter } from './jsonl/writer.ts'
import { show } from '../../core/show.ts'

export interface JsonlSinkOptions<T> {
  /** A record as one line, without a line break; default: JSON that refuses what JSON cannot say. */
  readonly encode?: (record: T) => string
  /**
   * Which folder below a record goes to: `(bid) => 'day=2015-07-14/hour=23'`; `''` is the folder itself. At most 256
   * of them a task between two checkpoints. All become visible with their checkpoint, as the other files do.
   */
  readonly partitionBy?: (record: T) => string
}

/**
 * Rows as `part-<task>-<checkpoint>.jsonl` in a folder of its own. Exactly-once: a file appears when its
 * checkpoint is complete, whole, once. Names that begin with `.` or `_` are not output. The folder belongs to
 * this step of this job; its file system must have hard links.
 */
export function toJsonl<T>(folder: string, options: JsonlSinkOptions<T> = {}): SinkDefinition<T> {
  const path = resolveFolder(folder)
  const encode = options.encode ? oneLine(options.encode) : toJson
  const { partitionBy } = options
  if (partitionBy !== undefined && typeof partitionBy !== 'function')
    throw new ConfigError(
      'OPTION_ILLEGAL',
      `toJsonl: partitionBy must be a function, got ${typeof partitionBy}`,
    )
  return {
    kind: 'jsonl',
    guarantee: 'exactly-once',
    prepare: (context) => prepareFolder(path, context),
    lastCommitted: ({ files }) => newestCommitted(path, files),
    open: async (context) => new JsonlWriter(path, { encode, partitionBy }, context),
  }
}

function resolveFolder(folder: string): string {
  if (typeof folder !== 'string' || folder === '' || folder.includes('\0')) {
    throw new ConfigError('OPTION_ILLEGAL', `toJsonl: expected a folder's path, got ${show(folder)}`)
  }
  return folder.replace(/(?<=.)\/+$/, '')
}

function oneLine<T>(encode: (record: T) => string): (record: T) => string {
  return (record) => {
    const line: unknown = encode(record)
    if (typeof line === 'string' && !line.includes('\n')) return line
    throw new SinkError(
      'LINE_ILLEGAL',
      `expected encode to return one line of text, found ${typeof line === 'string' ? 'a line break in it' : `a ${typeof line}`}`,
      { retry: 'record' },
    )
  }
}
