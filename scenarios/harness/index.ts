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
export {
  scenario,
  type DeclaredScenario,
  type Play,
  type Played,
  type PlayedRun,
  type Scenario,
  type ScenarioOptions,
  type ScenarioRun,
  type Stage,
} from './scenario/scenario.ts'
export type { KillPoint, TaskPosition } from './scenario/kill-point.ts'
export type { ScenarioEvent, ScenarioEventBody } from './scenario/events.ts'
export { playFor, type PlayedFor, type PlayForOptions } from './scenario/play-for.ts'
export * from './checkers/index.ts'
export type { KeyState } from '../../actors/inspect.ts'
export { temporaryFolder, type TemporaryFolder } from './temporary-folder.ts'
export type { ScenarioFinished, Transport } from './verdict.ts'
export { WorkerKiller, type Killed } from './worker-killer.ts'
export { simulate, type SimulateOptions, type SimulationReport } from './simulation/simulate.ts'
export type { FlowMaker, Simulated, SimulatedRun } from './simulation/trial.ts'
export type { Violation } from './simulation/violation.ts'
export type { FaultRates } from './simulation/draw-faults.ts'
export type { Fault, FaultKind } from './simulation/faults.ts'
export {
  TcpProxy,
  type Direction,
  type ProxyStats,
  type Select,
  type TcpProxyOptions,
} from './proxy/tcp-proxy.ts'
export type { PipeFaults, PipeStats } from './proxy/faulty-pipe.ts'
