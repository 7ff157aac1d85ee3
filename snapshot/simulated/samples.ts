/** Small valid values for tests and simulations. */
import { checkpointId, flowName, stepName, taskId, termNumber } from '../../core/ids.ts'
import { assembleManifest } from '../assemble.ts'
import type { Manifest, TaskSnapshot } from '../manifest.ts'

export interface ManifestSample {
  readonly checkpoint: number
  readonly term?: number
  readonly fingerprint?: string
  readonly final?: boolean
  readonly savepoint?: boolean
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
      fingerprint: sample.fingerprint ?? 'f',
      keyGroups: 128,
      startedMs: 1,
      completedMs: 2,
    },
    sample.tasks ?? [],
  )
}

export const emptySnapshot: TaskSnapshot = { steps: [], parts: [] }

/** The owner of parts that `by-page[0]` writes. */
export const sampleOwner = (checkpoint = 1, term = 1, attempt = 0) => ({
  epoch: { term: termNumber(term), attempt },
  checkpoint: checkpointId(checkpoint),
  task: taskId(stepName('by-page'), 0),
})
