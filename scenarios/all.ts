/** Every scenario, in the order in which they run. */
import { flights } from './flights/flights.ts'
import type { Scenario } from './scenario.ts'

export const scenarios: readonly Scenario[] = [flights]
