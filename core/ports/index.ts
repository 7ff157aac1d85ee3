import type { Log } from '../log.ts'
import type { Failpoints } from './failpoints.ts'
import type { Files } from './files.ts'
import type { Random } from './random.ts'
import type { Clock, Timers } from './time.ts'
import type { Trace } from './trace.ts'

export type { Log } from '../log.ts'
export type * from './failpoints.ts'
export type * from './files.ts'
export type * from './random.ts'
export type * from './time.ts'
export type * from './trace.ts'

/** Everything ambient that the engine may touch, passed in. */
export interface Ports {
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly files: Files
  readonly failpoints: Failpoints
  readonly log: Log
  /** Absent: nothing is traced. */
  readonly trace?: Trace
}
