/** What a scenario is to the command line: a run with faults, judged by what it committed. */
import type { JobEvent } from '../index.ts'
import type { ScenarioFinished, Transport } from './harness/verdict.ts'

export interface Scenario {
  readonly name: string
  /** A sentence for `--list`. */
  readonly description: string
  /** Resolves with the verdict, also a bad one; rejects where none can be had. */
  run(options: ScenarioOptions): Promise<ScenarioFinished>
}

export interface ScenarioOptions {
  readonly seed: number
  readonly transport: Transport
  /** Faults to inject; the scenario's own number when undefined. */
  readonly kills: number | undefined
  readonly report: (event: ScenarioEvent) => void
  /** Ends the run early; it then rejects with the signal's reason. */
  readonly signal: AbortSignal
}

export type ScenarioEvent = JobEvent | ({ readonly atMs: number } & ScenarioEventBody)

export type ScenarioEventBody =
  | {
      readonly event: 'scenario.started'
      readonly name: string
      readonly transport: Transport
      readonly seed: number
      readonly records: number
      readonly kills: number
    }
  | { readonly event: 'worker.killed'; readonly worker: string; readonly pid: number }
  | { readonly event: 'failpoint.crashed'; readonly failpoint: string; readonly task: string | null }
  /** One row that is not as the recount has it. */
  | {
      readonly event: 'scenario.difference'
      readonly output: string
      readonly kind: 'lost' | 'duplicated' | 'mismatched'
      readonly key: string
      readonly expected: unknown
      readonly found: unknown
    }
  /** Why the verdict is what it is, where the counts alone do not say it. */
  | { readonly event: 'scenario.note'; readonly text: string }
