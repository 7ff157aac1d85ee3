import { MillraceError } from '../index.ts'

/** The command cannot be carried out as given: exit code 2. */
export class UsageError extends MillraceError {
  constructor(code: string, message: string, cause?: unknown) {
    super(code, message, { retry: 'fatal', ...(cause === undefined ? {} : { cause }) })
  }
}

/** A system error that only says that nothing is there. */
export const absent = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === 'ENOENT'
