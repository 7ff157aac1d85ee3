/** `millrace/testing`: faults for a running job, and checkers that share no code with it. */
export {
  canonical,
  compareRows,
  isEqual,
  type Comparison,
  type Difference,
  type DifferenceKind,
} from './compare.ts'
export { FailpointCrasher, type Crashed, type CrashPlanOptions } from './failpoint-crasher.ts'
export { followJob } from './follow-job.ts'
export { readJsonlFolder } from './jsonl.ts'
export { planKills, type KillPlanOptions, type PlannedKill } from './kill-plan.ts'
export { RecoveryTimes } from './recovery-times.ts'
export { temporaryFolder, type TemporaryFolder } from './temporary-folder.ts'
export type { ScenarioFinished, Transport } from './verdict.ts'
export { WorkerKiller, type Killed } from './worker-killer.ts'
export {
  simulate,
  type Simulated,
  type SimulateOptions,
  type SimulationReport,
  type Violation,
} from './simulation/simulate.ts'
export type { Fault, FaultKind, FaultRates } from './simulation/faults.ts'
