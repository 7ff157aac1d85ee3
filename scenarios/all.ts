/** Every scenario, in the order in which they run. */
import { flights } from './flights/flights.ts'
import type { Scenario } from './harness/scenario/scenario.ts'
import { coordinator } from './protocol/coordinator.ts'
import { stepsOfACheckpoint } from './protocol/steps-of-a-checkpoint.ts'

export const scenarios: readonly Scenario[] = [flights, ...stepsOfACheckpoint, ...coordinator]
