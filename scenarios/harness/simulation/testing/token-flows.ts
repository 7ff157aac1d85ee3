/** The token ring for the engine's own simulations: every checkpoint is summed up, aligned or not. */
import { toJsonl } from '../../../../index.ts'
import { tokenRing, tokensConserved } from '../../../workloads/token-ring.ts'
import type { FlowMaker, SimulatedRun } from '../trial.ts'
import { share } from './shape.ts'

const tokensMax = 120
const optionsOf = (size: number) => ({ tokens: share(tokensMax, size) })

const ring = (name: string, alignmentTimeoutMs: number | null): FlowMaker =>
  Object.assign(
    (size: number) => {
      const { flow, arrivals } = tokenRing(name, optionsOf(size))
      arrivals.sink('arrivals', toJsonl('/home'))
      return flow
    },
    {
      run: {
        checkpoints: { everyMs: 10, failuresMax: 1000, timeoutMs: 2_000, keep: 10_000, alignmentTimeoutMs },
      } satisfies SimulatedRun,
      conserved: (size: number) => tokensConserved(optionsOf(size)),
    },
  )

export const ringing = ring('token-ring', null)
export const ringingUnaligned = ring('token-ring-unaligned', 1)
