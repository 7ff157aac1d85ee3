/** Every scenario, in the order in which they run. */
import { flights } from './flights/flights.ts'
import type { Scenario } from './harness/scenario/scenario.ts'
import { shapes } from './load/shapes.ts'
import { cutsAndLosses } from './network/cuts-and-losses.ts'
import { coordinator } from './protocol/coordinator.ts'
import { replacements } from './protocol/replacements.ts'
import { stepsOfACheckpoint } from './protocol/steps-of-a-checkpoint.ts'
import { tokenRings } from './protocol/token-ring.ts'
import { workers } from './protocol/workers.ts'
import { collection } from './storage/collection.ts'
import { disks } from './storage/disks.ts'
import { clocks } from './time/clocks.ts'
import { eventTimes } from './time/event-times.ts'
import { quietSources } from './time/quiet-sources.ts'
import { endingProcesses } from './user-code/ending-processes.ts'
import { throwing } from './user-code/throwing.ts'

export const scenarios: readonly Scenario[] = [
  flights,
  ...stepsOfACheckpoint,
  ...tokenRings,
  ...coordinator,
  ...workers,
  ...replacements,
  ...cutsAndLosses,
  ...disks,
  ...collection,
  ...clocks,
  ...eventTimes,
  ...quietSources,
  ...shapes,
  ...throwing,
  ...endingProcesses,
]
