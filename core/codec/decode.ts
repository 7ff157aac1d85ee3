import { limits } from '../limits.ts'
import { CodecError, malformed } from './error.ts'
import { readWhole } from './reader.ts'

/** Levels that the engine puts around values: batches, state entries, manifests. */
export const envelopeDepth = 16

/**
 * The records of `encodeBatch`. Throws CodecError `BYTES_MALFORMED` for anything else; safe for bytes from
 * anywhere: bounded time and memory (see `reader.ts`). `bytes` may be reused afterwards.
 */
export function decodeBatch(bytes: Uint8Array): unknown[] {
  const records = decodeValue(bytes)
  if (!Array.isArray(records)) throw malformed('found no batch')
  return records as unknown[]
}

/** The value of `encodeValue`; errors and safety as of `decodeBatch`. */
export function decodeValue(bytes: Uint8Array): unknown {
  try {
    return readWhole(bytes, limits.valueDepthMax + envelopeDepth)
  } catch (error) {
    if (error instanceof CodecError) throw error
    // A read beyond the last byte, or a string that is not UTF-8.
    throw malformed('found bytes that end early or are no text', error)
  }
}
