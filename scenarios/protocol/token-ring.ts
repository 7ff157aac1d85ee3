/** Fault 4 on Chandy and Lamport's own example: no cut of the ring may hold another number of tokens. */
import { CheckpointView } from '../../actors/inspect.ts'
import { toJsonl } from '../../index.ts'
import { checkConservation } from '../harness/checkers/conservation.ts'
import {
  scenario,
  type DeclaredScenario,
  type Play,
  type Played,
  type Stage,
} from '../harness/scenario/scenario.ts'
import { arrivalsOf, tokenRing, tokensConserved } from '../workloads/token-ring.ts'

const ring =
  (overtaking: boolean) =>
  (stage: Stage): Play => {
    const options = { tokens: 240, breathe: () => stage.breathe() }
    const { flow, arrivals } = tokenRing('token-ring', options)
    arrivals.sink('arrivals', toJsonl(`${stage.folder}/home`), { parallelism: 1 })
    return {
      flow,
      records: options.tokens,
      expect: { home: arrivalsOf(options) },
      check: async (played) => [
        ...(await checkConservation(played.store, tokensConserved(options))),
        ...(overtaking && stage.transport === 'simulated' ? await unmet(played) : []),
      ],
    }
  }

/** Tokens that were never on their way prove nothing of channel state. */
async function unmet({ store }: Played): Promise<readonly string[]> {
  const views = await CheckpointView.all(store)
  const links = (await Promise.all(views.map((view) => view.onTheWay()))).flat()
  return links.some(({ records }) => records.length > 0) ? [] : ['no checkpoint holds a token on its way']
}

export const tokenRings: readonly DeclaredScenario[] = [
  scenario(
    'token-ring',
    {
      group: 'protocol',
      faults: [3, 4],
      promise: 'tokens that go round are as many in every checkpoint, whoever dies meanwhile',
      module: import.meta.url,
      kill: [
        { at: 'task.mid-alignment', role: 'worker', task: 'middle', hit: 4 },
        { at: 'task.captured', role: 'worker', task: 'middle', hit: 9 },
      ],
    },
    ring(false),
  ),
  scenario(
    'token-ring-unaligned',
    {
      group: 'protocol',
      faults: [4],
      promise: 'a token that a barrier overtook is on its way in that checkpoint, once',
      module: import.meta.url,
      run: { checkpoints: { alignmentTimeoutMs: 0 } },
      kill: { at: 'task.overtaken', role: 'worker', task: 'middle', hit: 5 },
    },
    ring(true),
  ),
]
