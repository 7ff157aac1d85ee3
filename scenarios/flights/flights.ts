/**
 * The main job under fire: 3,000,000 flights, worker processes killed with -9 at random times (over NATS) or
 * crashes at failpoints (in memory); what is committed must equal the recount to the last row.
 */
import { join } from 'node:path'
import { fileStore, run, type RunOptions } from '../../index.ts'
import { followJob } from '../harness/follow-job.ts'
import { temporaryFolder } from '../harness/temporary-folder.ts'
import type { ScenarioFinished } from '../harness/verdict.ts'
import type { ScenarioEventBody } from '../harness/scenario/events.ts'
import type { Scenario, ScenarioRun } from '../harness/scenario/scenario.ts'
import { flightsFlow, type FlightsPaths } from './daily-flow.ts'
import { flightsFile } from './dataset.ts'
import { pathsToEnvironment } from './environment.ts'
import { makeFaults, type Faults } from './faults.ts'
import { judgeFlights, type Judged } from './judge.ts'
import { recountFlights } from './oracle.ts'
import { VisibleOutput } from './visible.ts'

const checkpointEveryMs = 150
const workers = 2
const killsDefault = 8
/** Fewer than asked for may land when the job is over too soon; never fewer than these. */
const killsMin = 5

export const flights: Scenario = {
  name: 'flights',
  group: 'load',
  promise: '3,000,000 flights to one row per airport and day, with kills; recounted by SQL',
  faults: [13, 15],
  transports: ['nats', 'memory'],
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
  options: ScenarioRun,
  tell: (body: ScenarioEventBody) => void,
): Promise<ScenarioFinished> {
  const { seed, transport, kills = killsDefault } = options
  const paths: FlightsPaths = { file: flightsFile(), out: join(folder, 'out') }
  const recount = await recountFlights(paths.file)
  const { records } = recount
  tell({ event: 'scenario.started', name: 'flights', transport, seed, records, kills })
  const faults = makeFaults({ seed, transport, kills, records, everyMs: checkpointEveryMs, tell })
  const visible = new VisibleOutput(paths.out, recount)
  pathsToEnvironment(paths)
  const startedMs = performance.now()
  const job = await run(flightsFlow(paths), runOptions(folder, options, faults))
  const { restarts, checkpoints } = await followJob(job, options.signal, (event) => {
    faults.observe(event)
    options.report(event)
    if (event.event === 'job.restarting') visible.look()
  }).finally(() => faults.close())
  const tookMs = performance.now() - startedMs
  const judged = [...(await judgeFlights(paths.out, recount)), await visible.judge()]
  tellDifferences(judged, tell)
  const counts = sumOf(judged)
  const enough = faults.landed >= Math.min(killsMin, kills)
  if (!enough) tell({ event: 'scenario.note', text: tooFewKills(faults.landed, kills) })
  const right = counts.lost + counts.duplicated + counts.mismatched === 0
  return {
    event: 'scenario.finished',
    atMs: Date.now(),
    name: 'flights',
    transport,
    seed,
    records,
    kills: faults.landed,
    restarts,
    checkpoints,
    ...counts,
    recoveryMsP50: faults.recoveries.quantile(0.5),
    recoveryMsMax: faults.recoveries.quantile(1),
    recordsPerSecond: Math.round((records * 1000) / tookMs),
    verdict: right && enough ? 'pass' : 'fail',
  }
}

function runOptions(
  folder: string,
  { transport, kills = killsDefault }: ScenarioRun,
  faults: Faults,
): RunOptions {
  const checkpoints = { everyMs: checkpointEveryMs, store: fileStore(join(folder, 'checkpoints')) }
  // Kills may come faster than checkpoints, and each is known to be the last of its kind.
  const restart = { restartsMax: kills + 10, delayMsMax: 500 }
  if (transport === 'memory') {
    return { parallelism: workers, checkpoints, restart, ports: { failpoints: faults.failpoints } }
  }
  const entry = new URL(import.meta.url.endsWith('.ts') ? './flow.ts' : './flow.js', import.meta.url)
  return { workers, nats: 'embedded', entry, checkpoints, restart }
}

const tooFewKills = (landed: number, kills: number): string =>
  `only ${landed} of ${kills} kills landed before the job was over; at least ${Math.min(killsMin, kills)} must`

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
