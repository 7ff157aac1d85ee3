/** A scenario's verdict: its last event. */
export type Transport = 'nats' | 'memory' | 'simulated'

export interface ScenarioFinished {
  readonly event: 'scenario.finished'
  readonly atMs: number
  readonly name: string
  readonly transport: Transport
  readonly seed: number
  /** Records of the input, by the recount. */
  readonly records: number
  /** Faults that took effect: workers killed, or crashes at failpoints. */
  readonly kills: number
  readonly restarts: number
  readonly checkpoints: number
  /** Output rows that the recount has and the output has not. */
  readonly lost: number
  /** Output rows that are there more often than the recount has them. */
  readonly duplicated: number
  /** Output rows that the recount has not. */
  readonly mismatched: number
  /** From the failure's detection to the restored job; null without a recovery. */
  readonly recoveryMsP50: number | null
  readonly recoveryMsMax: number | null
  /** Input records over the whole time, kills and recoveries included. */
  readonly recordsPerSecond: number
  readonly verdict: 'pass' | 'fail'
}
