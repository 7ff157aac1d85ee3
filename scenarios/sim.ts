/**
 * `npm run sim -- --seeds 100000`: simulates the engine on its own flows, one process a core, and prints what was
 * injected, what was covered, and every violation with the trace that shows it again. Exit code 0 without violations,
 * 1 with, 2 for bad usage.
 */
import { availableParallelism } from 'node:os'
import { commandLine } from './command-line.ts'
import { simulate } from './harness/simulation/simulate.ts'
import { engineFlows } from './harness/simulation/testing/all.ts'
import type { FlowMaker } from './harness/simulation/trial.ts'
import { simulateShares } from './sim/pool.ts'
import type { Share } from './sim/share.ts'
import { Summary } from './sim/summary.ts'

/** Schedules that a child runs between two reports. */
const shareSeeds = 100
/** Seeds of each flow whose histories are compared between two processes. */
const comparedSeeds = 5
/** After so many reports, violations are only counted. */
const reportsMax = 20

const command = commandLine(`npm run sim -- [--seeds N] [--from N] [--flow NAME] [--children N]
REPLAY='<trace>' npm run sim runs one again, step by step
flows: ${Object.keys(engineFlows).join(', ')}`)

process.exitCode = await main()

async function main(): Promise<number> {
  const values = command.read({
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    flow: { type: 'string' },
    children: { type: 'string', default: String(availableParallelism()) },
  })
  const { REPLAY } = process.env
  if (REPLAY !== undefined && REPLAY !== '') return replay(REPLAY)
  const names = values.flow === undefined ? Object.keys(engineFlows) : [flowNamed(values.flow)]
  const children = command.whole('children', values.children)
  const summary = new Summary()
  const shares = sharesOf(names, command.whole('from', values.from), command.whole('seeds', values.seeds))
  await simulateAll(shares, children, summary)
  for (const line of summary.lines()) console.log(line)
  const deterministic = await compareProcesses(names, command.whole('from', values.from))
  return summary.violations === 0 && deterministic ? 0 : 1
}

async function simulateAll(shares: Iterable<Share>, children: number, summary: Summary): Promise<void> {
  let reports = 0
  const tell = (text: string): void => {
    reports += 1
    if (reports <= reportsMax) console.log(`\n${text}`)
  }
  await simulateShares(shares, {
    children,
    answer(share, answer) {
      if (answer.kind === 'report') {
        summary.add(share, answer.report)
        for (const { report } of answer.report.violations) tell(`${report} npm run sim`)
      } else {
        summary.violations += 1
        tell(`${share.flow}, seeds from ${share.from}: ${answer.message}`)
      }
      const { schedules, perSecond, violations } = summary
      process.stderr.write(`\r${schedules} schedules, ${perSecond} a second, ${violations} violations `)
    },
  })
  process.stderr.write('\n')
}

/** The same seeds in two processes: the histories must be the same, event by event. */
async function compareProcesses(names: readonly string[], from: number): Promise<boolean> {
  const hashes = new Map<string, Set<string>>()
  for (let process = 0; process < 2; process += 1) {
    const shares = names.map((flow) => ({ flow, from, seeds: comparedSeeds }))
    await simulateShares(shares, {
      children: 1,
      answer({ flow }, answer) {
        const seen = hashes.get(flow) ?? new Set()
        hashes.set(flow, seen.add(answer.kind === 'report' ? answer.report.traceHash : answer.message))
      },
    })
  }
  const differing = [...hashes].filter(([, seen]) => seen.size > 1).map(([flow]) => flow)
  const compared = `${names.length * comparedSeeds} seeds in two processes: `
  if (differing.length === 0) console.log(`${compared}the same histories`)
  else console.log(`${compared}other histories of ${differing.join(', ')}`)
  return differing.length === 0
}

async function replay(trace: string): Promise<number> {
  const { violations } = await simulate(flowOf(trace), {})
  return violations.length === 0 ? 0 : 1
}

/** Flows take turns, so that any number of seeds covers all. */
function* sharesOf(names: readonly string[], from: number, seeds: number): Iterable<Share> {
  for (let done = 0, turn = 0; done < seeds; done += shareSeeds, turn += 1) {
    const flow = names[turn % names.length]
    if (flow !== undefined) yield { flow, from: from + done, seeds: Math.min(shareSeeds, seeds - done) }
  }
}

function flowOf(trace: string): FlowMaker {
  try {
    const { flow } = JSON.parse(trace) as { readonly flow: string }
    return engineFlows[flowNamed(flow)] as FlowMaker
  } catch {
    return command.refuse(
      `REPLAY must be the trace of a violation, as it was printed, got ${trace.slice(0, 100)}`,
    )
  }
}

function flowNamed(flow: string): string {
  return flow in engineFlows ? flow : command.refuse(`no flow is named '${flow}'`)
}
