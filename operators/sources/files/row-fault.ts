import { SourceError, type RowErrorCode } from '../errors.ts'

/** What is wrong with a row; the reader adds where it is. */
export class RowFault extends Error {
  readonly code: RowErrorCode
  readonly expected: string
  readonly found: string
  constructor(code: RowErrorCode, expected: string, found: string, cause?: unknown) {
    super(code, cause === undefined ? undefined : { cause })
    this.code = code
    this.expected = expected
    this.found = found
  }
}

export interface RowPlace {
  readonly path: string
  readonly line: number | null
  readonly offset: number
}

/** The fault as the error that people read. A cause of another kind is a bug and passes as it is. */
export function rowError(fault: unknown, { path, line, offset }: RowPlace): SourceError {
  if (!(fault instanceof RowFault)) throw fault
  const where = line === null ? `'${path}' at byte ${offset}` : `'${path}' line ${line} (byte ${offset})`
  const because = fault.cause instanceof Error ? `: ${fault.cause.message}` : ''
  return new SourceError(
    fault.code,
    `${where}: expected ${fault.expected}, found ${excerpt(fault.found)}${because}. Correct the row, or set badRows: 'dead-letter'`,
    {
      retry: 'record',
      ...(fault.cause === undefined ? {} : { cause: fault.cause }),
      details: { file: path, line, byte: offset, expected: fault.expected },
    },
  )
}

function excerpt(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
}
