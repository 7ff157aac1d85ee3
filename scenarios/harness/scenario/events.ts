/** What a scenario tells while it runs. */
import type { JobEvent } from '../../../index.ts'
import type { Transport } from '../verdict.ts'

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
