import { MillraceError } from '../../core/errors.ts'

export type SinkErrorCode =
  /** The folder belongs to another job or step (K4). */
  | 'OUTPUT_OWNED'
  /** Output is there and no checkpoint that explains it (K4). */
  | 'OUTPUT_EXISTS'
  /** Another file has the name that output was to get (K3). */
  | 'OUTPUT_CONFLICT'
  /** Staged output that a complete checkpoint names is gone, or is not what was staged. */
  | 'OUTPUT_LOST'
  | 'OUTPUT_UNWRITABLE'
  /** The file system has no hard links. */
  | 'OUTPUT_NO_LINKS'
  | 'JSON_UNSUPPORTED'
  | 'LINE_ILLEGAL'
  /** `partitionBy` returned what cannot be a folder. */
  | 'PARTITION_ILLEGAL'
  | 'PARTITIONS_TOO_MANY'
  | 'FUNCTION_FAILED'
  | 'CONSOLE_FAILED'
  | 'VALUE_UNSUPPORTED'
  | 'HANDLE_ILLEGAL'

export class SinkError extends MillraceError<SinkErrorCode> {}
