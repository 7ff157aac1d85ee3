/** Side outputs: further streams of a step's results, each with a name and a type. */
import { ConfigError } from '../core/errors.ts'
import { sideName, type SideName } from '../core/ids.ts'
import { reservedOutputs } from './graph.ts'

/** Records of type `T` that a step sets beside its results; made by `sideOutput`. */
export interface SideOutput<T> {
  readonly name: SideName
  /** The phantom that carries the record type. */
  readonly _record?: (record: T) => void
}

/**
 * Declares a side output. The operator lists it in `outputs`, its handlers call `ctx.emitTo(side, record)`, and
 * `stream.sideOutput(side)` is the stream of what they emitted. Throws ConfigError `NAME_ILLEGAL`, also for
 * `main`, `dead-letters` and `late`, which are the engine's.
 */
export function sideOutput<T>(name: string): SideOutput<T> {
  if ((reservedOutputs as readonly string[]).includes(name)) {
    throw new ConfigError(
      'NAME_ILLEGAL',
      `a side output cannot be named '${name}': the engine has one of this name`,
    )
  }
  return Object.freeze({ name: sideName(name) })
}
