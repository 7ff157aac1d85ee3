/** What is wrong in one schedule, for people and for running it again. */
import type { Blame } from './blame.ts'
import type { Fault } from './faults.ts'
import type { Judged, RowDifference, Trial } from './trial.ts'

export interface Violation {
  readonly seed: number
  /**
   * In a line: rows lost, doubled, other than expected; or that the job did not finish; or the rule it broke; or what a
   * checker found, with the checker's name before it.
   */
  readonly what: string
  /** The first step whose results differ although what it received agrees; absent where it cannot be told. */
  readonly step?: string
  /** The shrunken trial, as JSON: `simulate(flow, { replay: trace })` shows it again. */
  readonly trace: string
  /** What happened, in order. */
  readonly timeline: readonly string[]
  /** All of it as text, the timeline left out. */
  readonly report: string
}

export function violationOf(trial: Trial, judged: Judged, blamed: Blame | undefined): Violation {
  const trace = JSON.stringify(trial)
  const what = judged.what ?? 'nothing is wrong'
  const lines = [
    `${trial.flow}, seed ${trial.seed}: ${what}`,
    ...(blamed ? [blamed.what] : []),
    ...judged.differences.map(describeRow),
    ...judged.findings
      .filter((finding) => finding !== what)
      .slice(0, findingsShown)
      .map(describeFinding),
    ...trial.faults.map((fault) => `  fault: ${describeFault(fault)}`),
    `  again, step by step: REPLAY='${trace}'`,
  ]
  return {
    seed: trial.seed,
    what,
    ...(blamed && { step: blamed.step }),
    trace,
    timeline: judged.result.world.notes,
    report: lines.join('\n'),
  }
}

const findingsShown = 3

const words = {
  lost: 'expected, not found',
  duplicated: 'found too often',
  mismatched: 'found, not expected',
}

const describeRow = ({ kind, row }: RowDifference): string => `  ${words[kind]}: ${row}`

const describeFinding = (finding: string): string => `  found by a checker, too: ${finding}`

function describeFault(fault: Fault): string {
  const { kind, ...facts } = fault
  const parts = Object.entries(facts).map(([name, value]) => `${name} ${describeValue(value)}`)
  return `${kind} (${parts.join(', ')})`
}

const describeValue = (value: unknown): string =>
  typeof value === 'number' ? String(Math.round(value * 1000) / 1000) : JSON.stringify(value)
