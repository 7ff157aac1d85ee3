import type { Mutant } from '../mutant.ts'
import { channelMutants } from './channels.ts'
import { checkpointMutants } from './checkpoints.ts'
import { linkMutants } from './links.ts'
import { logMutants } from './log.ts'
import { taskMutants } from './tasks.ts'
import { timeMutants } from './time.ts'

/** Every planted fault; `mutants.test.ts` holds that each numbered invariant has one. */
export const mutants: readonly Mutant[] = [
  ...linkMutants,
  ...logMutants,
  ...checkpointMutants,
  ...channelMutants,
  ...taskMutants,
  ...timeMutants,
]
