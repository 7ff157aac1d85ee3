/** Small valid values for tests and simulations. */
import { checkpointId, flowName, stepName, taskId, termNumber } from '../../core/ids.ts'
import { assembleManifest } from '../assemble.ts'
import type { ChannelScope, Manifest, TaskSnapshot } from '../manifest.ts'

export interface ManifestSample {
  readonly checkpoint: number
  readonly term?: number
  readonly fingerprint?: string
  readonly final?: boolean
  readonly savepoint?: boolean
  readonly unaligned?: boolean
  readonly tasks?: readonly TaskSnapshot[]
}

export function sampleManifest(sample: ManifestSample): Manifest {
  return assembleManifest(
    {
      job: flowName('job'),
      checkpoint: checkpointId(sample.checkpoint),
      epoch: { term: termNumber(sample.term ?? 1), attempt: 0 },
      final: sample.final ?? false,
      savepoint: sample.savepoint ?? false,
      unaligned: sample.unaligned ?? false,
      fingerprint: sample.fingerprint ?? 'f',
      keyGroups: 128,
      startedMs: 1,
      completedMs: 2,
    },
    sample.tasks ?? [],
  )
}

export const emptySnapshot: TaskSnapshot = { steps: [], parts: [] }

/** From `clicks[0]` of two to `by-page[1]` of two. */
export const sampleChannel = (changed: Partial<ChannelScope> = {}): ChannelScope => ({
  kind: 'channel',
  from: stepName('clicks'),
  output: 'main',
  nth: 0,
  fromIndex: 0,
  fromTasks: 2,
  to: stepName('by-page'),
  toIndex: 1,
  toTasks: 2,
  ...changed,
})

/** What `by-page[1]` acknowledges with `bytes` of channel state. */
export const channelSnapshot = (scope: ChannelScope, bytes = 10): TaskSnapshot => ({
  steps: [
    {
      step: scope.to,
      version: 1,
      sections: [{ scope, content: { kind: 'inline', bytes: new Uint8Array(bytes) } }],
    },
  ],
  parts: [],
})

/** The owner of parts that `by-page[0]` writes. */
export const sampleOwner = (checkpoint = 1, term = 1, attempt = 0) => ({
  epoch: { term: termNumber(term), attempt },
  checkpoint: checkpointId(checkpoint),
  task: taskId(stepName('by-page'), 0),
})
