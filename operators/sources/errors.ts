import { MillraceError } from '../../core/errors.ts'

export type SourceErrorCode =
  /** The file is not the one that the position was taken in. */
  | 'SOURCE_CHANGED'
  | 'SOURCE_UNREADABLE'
  /** User code of a generator threw. */
  | 'SOURCE_THREW'
  /** A position that this source did not make. */
  | 'POSITION_ILLEGAL'
  | 'SPLIT_UNKNOWN'
  | 'DEPENDENCY_MISSING'
  | 'HEADER_ILLEGAL'
  | 'COLUMN_UNKNOWN'
  | 'PARQUET_CORRUPT'
  | 'VALUE_UNSUPPORTED'
  /** More rows than a step may hold that joins with them. */
  | 'SIDE_TOO_LARGE'
  | RowErrorCode

/** One row cannot be read; under `badRows: 'dead-letter'` the row is set aside and reading goes on. */
export type RowErrorCode = 'ROW_MALFORMED' | 'ROW_ENCODING' | 'ROW_TOO_LONG' | 'ROW_COLUMNS' | 'ROW_DECODE'

/** `details` names the file and, where known, line and byte. */
export class SourceError extends MillraceError<SourceErrorCode> {}
