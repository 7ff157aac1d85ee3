/** `--simulate`: every query under simulated faults, and violations shown again. */
import type { QueryName } from '../queries/names.ts'
import { simulateQuery } from '../simulation.ts'
import type { NexmarkArguments, SimulateArguments } from './arguments.ts'
import { simulateQueries, type QuerySimulated } from './simulate-queries.ts'

/** Resolves to whether no schedule of faults broke a query. */
export async function runSimulation(args: NexmarkArguments, simulate: SimulateArguments): Promise<boolean> {
  const { queries, json } = args
  const [query] = queries
  if (simulate.replay !== undefined && query) return replay(query, simulate.replay)
  let passed = true
  await simulateQueries(queries, simulate, (simulated) => {
    passed &&= simulated.violations.length === 0
    print(json ? JSON.stringify({ event: 'nexmark.simulated', ...simulated }) : textOf(simulated))
  })
  return passed
}

async function replay(query: QueryName, trace: string): Promise<boolean> {
  const { violations } = await simulateQuery({ query, seeds: 1, from: 1, replay: trace })
  for (const { what, timeline } of violations) print([...timeline, what].join('\n'))
  if (violations.length === 0) print('nothing wrong: the trace does not fail')
  return violations.length === 0
}

function textOf({ query, schedules, faults, restarts, violations }: QuerySimulated): string {
  const shown = violations.map(
    ({ what, trace }) =>
      `\n  ${what}\n  npm run nexmark -- --simulate --queries ${query} --replay '${trace}'`,
  )
  return `${query.padEnd(4)} ${schedules} schedules, ${faults} faults, ${restarts} restarts, ${violations.length} violations${shown.join('')}`
}

const print = (line: string): void => void process.stdout.write(`${line}\n`)
