/** Simulates queries on all cores, a process a share of the seeds. */
import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { SimulationReport } from '../../../scenarios/harness/simulation/simulate.ts'
import type { QueryName } from '../queries/names.ts'
import type { SimulateQueryOptions } from '../simulation.ts'

export type Share = SimulateQueryOptions
type ShareReport = Pick<SimulationReport, 'schedules' | 'violations' | 'counts'>
export type ShareAnswer = ShareReport | { readonly error: string }

export interface QuerySimulated {
  readonly query: QueryName
  readonly schedules: number
  /** Faults of any kind. */
  readonly faults: number
  readonly restarts: number
  readonly violations: SimulationReport['violations']
}

const shareSeeds = 100

/** `told` hears of each query when its last share is done, in the order in which they end. */
export async function simulateQueries(
  queries: readonly QueryName[],
  { seeds, from }: Pick<Share, 'seeds' | 'from'>,
  told: (simulated: QuerySimulated) => void,
): Promise<void> {
  const shares = queries.flatMap((query) =>
    Array.from({ length: Math.ceil(seeds / shareSeeds) }, (_, k): Share => {
      const done = k * shareSeeds
      return { query, from: from + done, seeds: Math.min(shareSeeds, seeds - done) }
    }),
  )
  const reports = new Map<QueryName, ShareReport[]>()
  const perQuery = Math.ceil(seeds / shareSeeds)
  const takeShares = async (): Promise<void> => {
    for (let share = shares.shift(); share; share = shares.shift()) {
      const { query } = share
      const report = await inChild(share)
      const known = [...(reports.get(query) ?? []), report]
      reports.set(query, known)
      if (known.length === perQuery) told(sumOf(query, known))
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, takeShares))
}

function sumOf(query: QueryName, reports: readonly ShareReport[]): QuerySimulated {
  let schedules = 0
  let faults = 0
  let restarts = 0
  for (const report of reports) {
    schedules += report.schedules
    restarts += report.counts['job.restarting'] ?? 0
    for (const [name, count] of Object.entries(report.counts)) if (name.startsWith('fault ')) faults += count
  }
  return { query, schedules, faults, restarts, violations: reports.flatMap(({ violations }) => violations) }
}

function inChild(share: Share): Promise<ShareReport> {
  const child = fork(fileURLToPath(new URL('../simulate-share.js', import.meta.url)), [JSON.stringify(share)])
  let answer: ShareAnswer | undefined
  child.on('message', (message) => (answer = message as ShareAnswer))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (answer && 'schedules' in answer) resolve(answer)
      else reject(new Error(`${share.query}: ${answer?.error ?? `its process ended with ${signal ?? code}`}`))
    })
  })
}
