/** In a child of `npm run sim`: shares of the seeds, one after the other, each answered with its report. */
import { simulate, type SimulationReport } from '../harness/simulation/simulate.ts'
import { engineFlows, engineRates } from '../harness/simulation/testing/all.ts'

export interface Share {
  readonly flow: string
  readonly from: number
  readonly seeds: number
}

export type ShareAnswer =
  | { readonly kind: 'report'; readonly report: SimulationReport }
  | { readonly kind: 'failed'; readonly message: string }

process.on('message', (share: Share) => {
  void workOn(share).then((answer) => process.send?.(answer))
})

async function workOn({ flow, from, seeds }: Share): Promise<ShareAnswer> {
  try {
    const maker = engineFlows[flow]
    if (!maker) throw new Error(`no flow '${flow}'`)
    const options = { from, seeds, violationsMax: seeds, faults: engineRates }
    return { kind: 'report', report: await simulate(maker, options) }
  } catch (error) {
    return {
      kind: 'failed',
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    }
  }
}
