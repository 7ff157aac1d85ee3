import { MillraceError } from '../../core/errors.ts'

export type StateErrorCode = 'STATE_UNENCODABLE' | 'STATE_INCOMPATIBLE' | 'STATE_DAMAGED'

export class StateError extends MillraceError<StateErrorCode> {}
