/** A query as a flow, from the generator to a sink. */
import { flow, type Flow, type SinkDefinition } from '../../index.ts'
import type { NexmarkConfig } from './generator/config.ts'
import { queries } from './queries/all.ts'
import { NexmarkInput } from './queries/input.ts'
import type { QueryName } from './queries/names.ts'

export interface NexmarkFlowOptions {
  readonly query: QueryName
  readonly config: NexmarkConfig
  /** Pieces of the input that tasks read in parallel. */
  readonly splits: number
  readonly sink: SinkDefinition<object>
}

export function nexmarkFlow({ query, config, splits, sink }: NexmarkFlowOptions): Flow {
  const nexmark = flow(`nexmark-${query}`)
  queries[query]?.(new NexmarkInput(nexmark, config, splits)).sink('out', sink)
  return nexmark
}
