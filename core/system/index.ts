import { noFailpoints } from '../ports/failpoints.ts'
import type { Ports } from '../ports/index.ts'
import { silentLog } from '../log.ts'
import { systemFiles } from './files.ts'
import { systemRandom } from './random.ts'
import { systemClock, systemTimers } from './time.ts'

/** The real machine. */
export const systemPorts: Ports = {
  clock: systemClock,
  timers: systemTimers,
  random: systemRandom,
  files: systemFiles,
  failpoints: noFailpoints,
  log: silentLog,
}
