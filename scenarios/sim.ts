/**
 * `npm run sim -- --seeds 100000`: simulates the engine on its own flows, one process a core, and prints what was
 * injected, what was covered, and every violation with the trace that shows it again.
 */
import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { lateComers, windowed } from './harness/simulation/testing/windowed-flows.ts'
import { simulate, type SimulationReport } from './harness/simulation/simulate.ts'
import { branching, merging, spreading } from './harness/simulation/testing/flows.ts'
import { converging, timing } from './harness/simulation/testing/timed-flows.ts'

const flows = { merging, branching, spreading, converging, timing, windowed, lateComers }
type FlowName = keyof typeof flows
/** Schedules that one child runs. */
const shareSeeds = 250

interface Share {
  readonly flow: FlowName
  readonly from: number
  readonly seeds: number
}

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    replay: { type: 'string' },
    flow: { type: 'string', default: 'merging' },
    share: { type: 'string' },
  },
})

if (values.share !== undefined) await workOn(JSON.parse(values.share) as Share)
else if (values.replay !== undefined) await showAgain(values.flow as FlowName, values.replay)
else await supervise(Number(values.seeds), Number(values.from))

/** In a child: one share of the seeds, reported to the parent. */
async function workOn({ flow, from, seeds }: Share): Promise<void> {
  const report = await simulate(flows[flow], { from, seeds })
  process.send?.(report)
}

async function showAgain(flow: FlowName, trace: string): Promise<void> {
  const { violations } = await simulate(flows[flow], { replay: trace })
  for (const { what, timeline } of violations) console.log([...timeline, what].join('\n'))
  if (violations.length === 0) console.log('nothing wrong: the trace does not fail any more')
}

async function supervise(seeds: number, from: number): Promise<void> {
  const startedMs = Date.now()
  const shares = sharesOf(seeds, from)
  const counts = new Map<string, number>()
  let schedules = 0
  let violations = 0
  const takeShares = async (): Promise<void> => {
    for (let share = shares.shift(); share; share = shares.shift()) {
      const report = await inChild(share)
      schedules += report.schedules
      for (const [name, count] of Object.entries(report.counts))
        counts.set(name, (counts.get(name) ?? 0) + count)
      for (const { what, trace } of report.violations) {
        violations += 1
        console.log(`${share.flow}: ${what}\n  npm run sim -- --flow ${share.flow} --replay '${trace}'`)
      }
      process.stderr.write(`\r${schedules} schedules, ${violations} violations `)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, takeShares))
  const perSecond = Math.round(schedules / ((Date.now() - startedMs) / 1000))
  process.stderr.write('\n')
  for (const [name, count] of [...counts].sort()) console.log(`${name.padEnd(36)} ${count}`)
  console.log(`${schedules} schedules, ${perSecond} a second, ${violations} violations`)
  process.exitCode = violations === 0 ? 0 : 1
}

function sharesOf(seeds: number, from: number): Share[] {
  const names = Object.keys(flows) as FlowName[]
  const shares: Share[] = []
  for (let done = 0; done < seeds; done += shareSeeds) {
    const flow = names[shares.length % names.length] ?? 'merging'
    shares.push({ flow, from: from + done, seeds: Math.min(shareSeeds, seeds - done) })
  }
  return shares
}

function inChild(share: Share): Promise<SimulationReport> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), ['--share', JSON.stringify(share)])
    let report: SimulationReport | undefined
    child.on('message', (message) => (report = message as SimulationReport))
    child.on('exit', (code) => {
      if (report) resolve(report)
      else reject(new Error(`the share ${JSON.stringify(share)} ended with ${code}`))
    })
  })
}
