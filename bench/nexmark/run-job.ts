/** One query's job, in the process that `harness/job-process.ts` started for it. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileStore, run, type RunOptions } from '../../index.ts'
import { cpuMsSince } from '../harness/throughput.ts'
import { followJob } from '../../scenarios/harness/follow-job.ts'
import { planKills } from '../../scenarios/harness/kill-plan.ts'
import { WorkerKiller } from '../../scenarios/harness/worker-killer.ts'
import type { JobAnswer, JobOutcome } from './harness/job-process.ts'
import {
  flowOf,
  isOnSimulatedClock,
  outFolder,
  setupFromEnvironment,
  type JobSetup,
} from './harness/job-setup.ts'
import { StateWatch } from './harness/state-growth.ts'
import { runOnSimulatedClock } from './harness/simulated-clock.ts'

const everyMs = 1000
/** Under kills: often, so that they meet every phase of a checkpoint. */
const everyMsKilled = 150

async function runJob(setup: JobSetup): Promise<JobOutcome> {
  const { config, kills } = setup
  const plan = planKills({ seed: config.seed, kills, records: config.events, everyMs: everyMsKilled })
  const killer = new WorkerKiller(plan, () => undefined)
  const watch = new StateWatch(config.events)
  const startedMs = performance.now()
  const cpuBefore = process.cpuUsage()
  const job = await run(flowOf(setup), optionsOf(setup))
  const { restarts, checkpoints } = await followJob(job, new AbortController().signal, (event) => {
    killer.observe(event)
    watch.observe(event)
  }).finally(() => killer.close())
  const ms = performance.now() - startedMs
  const cpuMs = cpuMsSince(cpuBefore)
  return { ms, cpuMs, restarts, checkpoints, kills: killer.kills, memoryMb: memoryMb(), state: watch.growth }
}

async function runSimulated(setup: JobSetup): Promise<JobOutcome> {
  const startedMs = performance.now()
  const cpuBefore = process.cpuUsage()
  const rows = await runOnSimulatedClock(setup.query, setup.config)
  const ms = performance.now() - startedMs
  const cpuMs = cpuMsSince(cpuBefore)
  const folder = outFolder(setup)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'part-0-1.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  return { ms, cpuMs, restarts: 0, checkpoints: 0, kills: 0, memoryMb: memoryMb() }
}

const memoryMb = (): number => Math.round(process.resourceUsage().maxRSS / 1024)

function optionsOf({ folder, workers, nats, kills }: JobSetup): RunOptions {
  const store = fileStore(join(folder, 'checkpoints'))
  const checkpoints = { everyMs: kills > 0 ? everyMsKilled : everyMs, store }
  if (workers === 0) return { parallelism: 1, checkpoints }
  const entry = new URL('./flow.js', import.meta.url)
  // Kills may come faster than checkpoints, and each is known to be the last of its kind.
  return { workers, nats, entry, checkpoints, restart: { restartsMax: kills + 10, delayMsMax: 500 } }
}

async function answer(): Promise<JobAnswer> {
  try {
    const setup = setupFromEnvironment()
    return { outcome: await (isOnSimulatedClock(setup) ? runSimulated(setup) : runJob(setup)) }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

process.send?.(await answer(), () => process.disconnect())
