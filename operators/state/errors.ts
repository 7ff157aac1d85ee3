import { MillraceError } from '../../core/errors.ts'

export type StateErrorCode =
  | 'STATE_UNENCODABLE'
  | 'STATE_INCOMPATIBLE'
  | 'STATE_DAMAGED'
  /** What every task of a step should hold alike is not the same. */
  | 'COPIES_DIFFER'

export class StateError extends MillraceError<StateErrorCode> {}
