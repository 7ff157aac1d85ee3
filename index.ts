/** Everything public. */
export { flow, isFlow, type Flow, type StepOptions } from './operators/flow.ts'
export { guarantees, type SinkGuarantee } from './operators/guarantees.ts'
export { flowWarnings, type FlowWarning } from './operators/warnings.ts'
export { OperatorStream, SourceStream, Stream, StreamWithLate, WindowStream } from './operators/stream.ts'
export type { EventTimeOptions } from './operators/event-time-options.ts'
export type { TimeKind } from './operators/event-time.ts'
export { boundedLateness, type WatermarkGenerator } from './operators/steps/event-time.ts'
export type { KeyTimers, Timer, TimerDomain } from './operators/state/timers.ts'
export { KeyedStream } from './operators/keyed-stream.ts'
export type { EmitOptions, OperatorOptions } from './operators/stream-options.ts'
export { ConnectedStreams } from './operators/connected.ts'
export { BroadcastConnectedStreams, KeyedBroadcastConnectedStreams } from './operators/broadcast/connected.ts'
export type { ReadonlyMapCell } from './operators/broadcast/maps.ts'
export {
  broadcastOperator,
  keyedBroadcastOperator,
  type BroadcastContext,
  type BroadcastHandlers,
  type BroadcastOperator,
  type KeyedBroadcastHandlers,
  type KeyedBroadcastOperator,
  type KeyedMainContext,
  type MainContext,
} from './operators/broadcast/operator.ts'
export type { AsyncCallContext } from './operators/async/call.ts'
export type { AsyncRetry, MapAsyncOptions } from './operators/async/options.ts'
export type { JoinFn, JoinType, LateJoinRecord } from './operators/joins/definition.ts'
export type { IntervalBounds } from './operators/joins/interval.ts'
export type { JoinOptions, LatestJoinOptions } from './operators/joins/options.ts'
export type { StaticJoinOptions, StaticKeys } from './operators/joins/static.ts'
export type { JoinWindow } from './operators/joins/window-rules.ts'
export type { SkipStrategy } from './operators/pattern/attempts.ts'
export type { MatchOptions } from './operators/pattern/match.ts'
export {
  pattern,
  type Match,
  type Pattern,
  type PatternStart,
  type Where,
} from './operators/pattern/pattern.ts'
export type { DedupeOptions } from './operators/steps/dedupe.ts'
export type { ThrottleOptions } from './operators/steps/throttle.ts'
export { sideOutput, type SideOutput } from './operators/side-output.ts'
export { coOperator, type CoHandlers, type CoOperator } from './operators/steps/co-process.ts'
export {
  operator,
  type ProcessContext,
  type ProcessHandlers,
  type ProcessOperator,
} from './operators/steps/process.ts'
export type { EmitOn } from './operators/steps/aggregate.ts'
export * from './operators/aggregates/index.ts'
export * from './operators/windows/index.ts'
export { cell, listCell, mapCell, type Cell, type ListCell, type MapCell } from './operators/state/schema.ts'
export type { StateTtl } from './operators/state/ttl-options.ts'
export type { ErrorPolicy } from './operators/operator.ts'
export {
  BadRecord,
  type Chunk,
  type DeadLetter,
  type SourceContext,
  type SourceDefinition,
  type SplitReader,
} from './operators/source.ts'
export type {
  Guarantee,
  SinkContext,
  SinkDefinition,
  SinkPrepareContext,
  SinkWriter,
} from './operators/sink.ts'
export * from './operators/sources/index.ts'
export * from './operators/sinks/index.ts'
export { run, type JobHandle } from './actors/run.ts'
export type { JobResult, JobStatus } from './actors/job/job-result.ts'
export type { CheckpointOptions, RestoreOptions, RunOptions } from './actors/options.ts'
export type { JobEvent } from './actors/events.ts'
export type { RestartPolicy } from './actors/kit/restart-policy.ts'
export { fileStore } from './snapshot/stores/file-store.ts'
export { memoryStore } from './snapshot/stores/memory-store.ts'
export type { CheckpointStore, PartStore, SlotStore, StoreDefinition } from './snapshot/store.ts'
export { ConfigError, MillraceError, type ErrorClass } from './core/errors.ts'
export type { Key } from './core/keys/index.ts'
export type { Log, LogLevel } from './core/log.ts'
export type { Clock, Failpoints, FailpointName, Files, Ports, Random, Timers } from './core/ports/index.ts'
