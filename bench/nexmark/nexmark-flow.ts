/** A query as a flow, from the generator to a sink. */
import { flow, toJsonl, type Flow, type SinkDefinition, type SourceDefinition } from '../../index.ts'
import type { NexmarkConfig } from './generator/config.ts'
import type { NexmarkEvent } from './generator/events.ts'
import { queries } from './queries/all.ts'
import { NexmarkInput } from './queries/input.ts'
import type { QueryName } from './queries/names.ts'

export interface NexmarkFlowOptions {
  readonly query: QueryName
  readonly config: NexmarkConfig
  readonly source: SourceDefinition<NexmarkEvent>
  readonly sink: SinkDefinition<object>
}

/** Rows as files; those of q10 in a folder of their day and minute. */
export const rowsIn = (folder: string, query: QueryName): SinkDefinition<object> =>
  query === 'q10' ? toJsonl(folder, { partitionBy: partitionOfQ10 }) : toJsonl(folder)

const partitionOfQ10 = (row: object): string => {
  const { dt, hm } = row as { dt: string; hm: string }
  return `dt=${dt}/hm=${hm}`
}

export function nexmarkFlow({ query, config, source, sink }: NexmarkFlowOptions): Flow {
  const nexmark = flow(`nexmark-${query}`)
  queries[query](new NexmarkInput(nexmark, source, config)).sink('out', sink)
  return nexmark
}
