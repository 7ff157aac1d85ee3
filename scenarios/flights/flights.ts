/**
 * The main job under fire: 3,000,000 flights, worker processes killed with -9 at random times (over NATS) or
 * crashes at failpoints (in memory); what is committed must equal the recount to the last row.
 */
import { join } from 'node:path'
import { fileStore, run, type JobHandle, type RunOptions } from '../../index.ts'
import { temporaryFolder } from '../harness/temporary-folder.ts'
import type { ScenarioFinished } from '../harness/verdict.ts'
import type { Scenario, ScenarioEventBody, ScenarioOptions } from '../scenario.ts'
import { flightsFlow, type FlightsPaths } from './daily-flow.ts'
import { flightsFile } from './dataset.ts'
import { pathsToEnvironment } from './environment.ts'
import { makeFaults, type Faults } from './faults.ts'
import { judgeFlights, type Judged } from './judge.ts'
import { recountFlights } from './oracle.ts'

const checkpointEveryMs = 150
const workers = 2
const killsDefault = 7
/** Fewer than asked for may land when the job is over too soon; never fewer than these. */
const killsMin = 5

export const flights: Scenario = {
  name: 'flights',
  description: '3,000,000 flights to one row per airport and day, with kills; recounted by SQL',
  async run(options) {
    const folder = await temporaryFolder('flights')
    const tell = (body: ScenarioEventBody): void => options.report({ ...body, atMs: Date.now() })
    let passed = false
    try {
      const finished = await runIn(folder.path, options, tell)
      passed = finished.verdict === 'pass'
      return finished
    } finally {
      if (passed || options.signal.aborted) await folder.remove()
      else tell({ event: 'scenario.note', text: `output and checkpoints are kept in ${folder.path}` })
    }
  },
}

async function runIn(
  folder: string,
  options: ScenarioOptions,
  tell: (body: ScenarioEventBody) => void,
): Promise<ScenarioFinished> {
  const { seed, transport } = options
  const kills = options.kills ?? killsDefault
  const paths: FlightsPaths = { file: flightsFile(), out: join(folder, 'out') }
  const recount = await recountFlights(paths.file)
  tell({ event: 'scenario.started', name: 'flights', transport, seed, records: recount.records, kills })
  const faults = makeFaults({
    seed,
    transport,
    kills,
    records: recount.records,
    everyMs: checkpointEveryMs,
    tell,
  })
  pathsToEnvironment(paths)
  const startedMs = performance.now()
  const job = await run(flightsFlow(paths), runOptions(folder, options, faults))
  const { restarts, checkpoints } = await follow(job, options, faults)
  const tookMs = performance.now() - startedMs
  const judged = await judgeFlights(paths.out, recount)
  tellDifferences(judged, tell)
  const counts = sumOf(judged)
  const enough = faults.landed >= Math.min(killsMin, kills)
  if (!enough) {
    tell({
      event: 'scenario.note',
      text: `only ${faults.landed} of ${kills} kills landed before the job was over; at least ${Math.min(killsMin, kills)} must`,
    })
  }
  const right = counts.lost + counts.duplicated + counts.mismatched === 0
  return {
    event: 'scenario.finished',
    atMs: Date.now(),
    name: 'flights',
    transport,
    seed,
    records: recount.records,
    kills: faults.landed,
    restarts,
    checkpoints,
    ...counts,
    recoveryMsP50: faults.recoveries.quantile(0.5),
    recoveryMsMax: faults.recoveries.quantile(1),
    recordsPerSecond: Math.round((recount.records * 1000) / tookMs),
    verdict: right && enough ? 'pass' : 'fail',
  }
}

function runOptions(
  folder: string,
  { transport, kills = killsDefault }: ScenarioOptions,
  faults: Faults,
): RunOptions {
  const checkpoints = { everyMs: checkpointEveryMs, store: fileStore(join(folder, 'checkpoints')) }
  // Kills may come faster than checkpoints.
  const restart = { restartsMax: kills + 10 }
  if (transport === 'memory') {
    return { parallelism: workers, checkpoints, restart, ports: { failpoints: faults.failpoints } }
  }
  const entry = new URL(import.meta.url.endsWith('.ts') ? './flow.ts' : './flow.js', import.meta.url)
  return { workers, nats: 'embedded', entry, checkpoints, restart }
}

async function follow(
  job: JobHandle,
  options: ScenarioOptions,
  faults: Faults,
): ReturnType<JobHandle['stop']> {
  const stop = (): void => void job.stop().catch(() => undefined)
  options.signal.addEventListener('abort', stop)
  const told = (async () => {
    for await (const event of job.events) {
      faults.observe(event)
      options.report(event)
    }
  })()
  try {
    const [finished] = await Promise.allSettled([job.finished, told])
    options.signal.throwIfAborted()
    if (finished.status === 'rejected') throw finished.reason
    return finished.value
  } finally {
    faults.close()
    options.signal.removeEventListener('abort', stop)
  }
}

function tellDifferences(judged: readonly Judged[], tell: (body: ScenarioEventBody) => void): void {
  for (const { output, differences } of judged) {
    for (const { kind, key, expected = null, found = null } of differences) {
      tell({ event: 'scenario.difference', output, kind, key, expected, found })
    }
  }
}

function sumOf(judged: readonly Judged[]): Pick<Judged, 'lost' | 'duplicated' | 'mismatched'> {
  const sum = { lost: 0, duplicated: 0, mismatched: 0 }
  for (const { lost, duplicated, mismatched } of judged) {
    sum.lost += lost
    sum.duplicated += duplicated
    sum.mismatched += mismatched
  }
  return sum
}
