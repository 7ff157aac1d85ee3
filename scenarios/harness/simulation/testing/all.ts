/** Every flow that the engine is simulated on. */
import type { FaultRates } from '../draw-faults.ts'
import type { FlowMaker } from '../trial.ts'
import { ruling, telling } from './broadcast-flows.ts'
import { expiring } from './expiring-flow.ts'
import { aborting, branching, branchingUnaligned, merging, sharing, small, spreading } from './flows.ts'
import { calling, joining, pairing } from './joining-flows.ts'
import { relaying, relayingUnaligned } from './relay-flow.ts'
import { ringing, ringingUnaligned } from './token-flows.ts'
import { converging, timing, timingUnaligned } from './timed-flows.ts'
import { lateComers, windowed } from './windowed-flows.ts'

export const engineFlows: Readonly<Record<string, FlowMaker>> = {
  small,
  merging,
  branching,
  'branching-unaligned': branchingUnaligned,
  spreading,
  sharing,
  aborting,
  relaying,
  'relaying-unaligned': relayingUnaligned,
  'token-ring': ringing,
  'token-ring-unaligned': ringingUnaligned,
  windowed,
  'late-comers': lateComers,
  timing,
  'timing-unaligned': timingUnaligned,
  converging,
  expiring,
  pairing,
  calling,
  joining,
  ruling,
  telling,
}

/** They show the same with any number of tasks. */
export const engineRates: FaultRates = { rescale: 1 }
