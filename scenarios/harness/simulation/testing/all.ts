/** Every flow that the engine is simulated on. */
import type { FlowMaker } from '../trial.ts'
import { ruling, telling } from './broadcast-flows.ts'
import { expiring } from './expiring-flow.ts'
import { aborting, branching, merging, sharing, small, spreading } from './flows.ts'
import { calling, joining, pairing } from './joining-flows.ts'
import { relaying } from './relay-flow.ts'
import { ringing, ringingUnaligned } from './token-flows.ts'
import { converging, timing } from './timed-flows.ts'
import { lateComers, windowed } from './windowed-flows.ts'

export const engineFlows: Readonly<Record<string, FlowMaker>> = {
  small,
  merging,
  branching,
  spreading,
  sharing,
  aborting,
  relaying,
  'token-ring': ringing,
  'token-ring-unaligned': ringingUnaligned,
  windowed,
  'late-comers': lateComers,
  timing,
  converging,
  expiring,
  pairing,
  calling,
  joining,
  ruling,
  telling,
}
