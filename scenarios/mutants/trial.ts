/**
 * In a child whose engine is mutated: simulates until something is wrong, and tells the parent. What must be
 * visible was found out by the engine as it is.
 */
import { simulate } from '../harness/simulation/simulate.ts'
import { courses } from './flows.ts'

export interface TrialTask {
  readonly course: string
  readonly from: number
  readonly seeds: number
  readonly expect: readonly string[]
}

export interface TrialResult {
  readonly schedules: number
  /** Absent when nothing was wrong. */
  readonly violation?: { readonly seed: number; readonly what: string }
}

const livenessMs = 200_000

/** Said when all modules were loaded: an engine that cannot even be loaded is a mistake in the mutant. */
process.send?.('loaded')
process.on('message', (task: TrialTask) => {
  void attempt(task).then((result) => process.send?.(result))
})

async function attempt({ course, from, seeds, expect }: TrialTask): Promise<TrialResult> {
  const found = courses[course]
  if (!found) throw new Error(`no course '${course}'`)
  const { flow, run, faults } = found
  const options = {
    from,
    seeds,
    expect,
    livenessMs,
    violationsMax: 1,
    shrunken: false,
    ...(run && { run }),
    ...(faults && { faults }),
  }
  const { schedules, violations } = await simulate(flow, options)
  const [violation] = violations
  return violation ? { schedules, violation: { seed: violation.seed, what: violation.what } } : { schedules }
}
