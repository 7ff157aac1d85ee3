/** The manifest of a checkpoint from what its tasks acknowledged (C5). */
import type { StepName } from '../core/ids.ts'
import { invariant } from '../core/invariant.ts'
import {
  manifestFormat,
  type Manifest,
  type Scope,
  type Section,
  type StepSnapshot,
  type TaskSnapshot,
} from './manifest.ts'

interface Gathered {
  readonly version: number
  readonly sections: Section[]
  readonly owned: Set<string>
}

/** `snapshots` in the order of the deployment's tasks, so that equal states give equal manifests. */
export function assembleManifest(
  facts: Omit<Manifest, 'format' | 'steps' | 'parts'>,
  snapshots: readonly TaskSnapshot[],
): Manifest {
  const steps = new Map<StepName, Gathered>()
  for (const { steps: contributed } of snapshots) {
    for (const contribution of contributed) addStep(steps, contribution)
  }
  return {
    format: manifestFormat,
    ...facts,
    steps: [...steps].map(([step, { version, sections }]) => ({ step, version, sections })),
    parts: snapshots.flatMap(({ parts }) => parts),
  }
}

/** Bytes of state that a checkpoint holds, in parts and in the manifest itself. */
export function manifestBytes(manifest: Manifest): number {
  const inline = manifest.steps
    .flatMap(({ sections }) => sections)
    .reduce((sum, { content }) => sum + (content.kind === 'inline' ? content.bytes.length : 0), 0)
  return manifest.parts.reduce((sum, part) => sum + part.bytes, inline)
}

function addStep(steps: Map<StepName, Gathered>, { step, version, sections }: StepSnapshot): void {
  const known = steps.get(step) ?? { version, sections: [], owned: new Set() }
  steps.set(step, known)
  invariant(
    known.version === version,
    `C5: tasks of '${step}' agree on its version, got ${known.version} and ${version}`,
  )
  for (const section of sections) {
    const owned = ownedScope(section.scope)
    if (owned !== null) {
      invariant(!known.owned.has(owned), `C5: one task owns ${owned} of '${step}'`)
      known.owned.add(owned)
    }
    known.sections.push(section)
  }
}

/** List items are anyone's. */
function ownedScope(scope: Scope): string | null {
  if (scope.kind === 'list') return null
  return scope.kind === 'group' ? `key group ${scope.group}` : `split ${scope.split}`
}
