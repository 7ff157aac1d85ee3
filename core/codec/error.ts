import { MillraceError } from '../errors.ts'

/**
 * - `VALUE_UNSUPPORTED` (record): a value that no wire can carry unchanged; `details.path`, `details.found`,
 *   and `details.index` of the record within its batch.
 * - `VALUE_OVERSIZED` (record): more content than a frame or a slot can hold.
 * - `BYTES_MALFORMED` (retry): bytes that this codec did not write.
 */
export type CodecErrorCode = 'VALUE_UNSUPPORTED' | 'VALUE_OVERSIZED' | 'BYTES_MALFORMED'

export class CodecError extends MillraceError<CodecErrorCode> {}

export const malformed = (what: string, cause?: unknown): CodecError =>
  new CodecError('BYTES_MALFORMED', `expected encoded values, ${what}`, { retry: 'retry', cause })
