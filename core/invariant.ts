import { MillraceError } from './errors.ts'
import { show } from './show.ts'

/** The engine contradicts itself: never caused by input, never survivable by going on. */
export class InvariantError extends MillraceError<'INVARIANT'> {
  constructor(message: string) {
    super('INVARIANT', message, { retry: 'retry' })
  }
}

/** States one condition that must hold, in production too. `what` begins with the invariant's number. */
export function invariant(condition: boolean, what: string): asserts condition {
  if (!condition) throw new InvariantError(what)
}

/** For the default branch of a switch over a tagged union. */
export function unreachable(value: never, what: string): never {
  throw new InvariantError(`${what}: unexpected ${show(value)}`)
}
