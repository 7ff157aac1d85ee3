/** A piece of a snapshot before it has a place in the manifest or a part. */
import type { StepName } from '../../core/ids.ts'
import type { Scope } from '../../snapshot/manifest.ts'

export interface SectionDraft {
  readonly step: StepName
  readonly version: number
  readonly scope: Scope
  readonly chunks: readonly Uint8Array[]
}
