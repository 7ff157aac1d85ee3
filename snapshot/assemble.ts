/** The manifest of a checkpoint from what its tasks acknowledged (C5). */
import type { StepName } from '../core/ids.ts'
import { invariant } from '../core/invariant.ts'
import {
  channelLabel,
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
  const channels = snapshots.some(({ steps: contributed }) => contributed.some(hasChannels))
  invariant(facts.unaligned || !channels, `C4: aligned checkpoint ${facts.checkpoint} has no channel state`)
  return {
    format: manifestFormat,
    ...facts,
    steps: [...steps].map(([step, { version, sections }]) => ({ step, version, sections })),
    parts: snapshots.flatMap(({ parts }) => parts),
  }
}

/** Bytes of state that a checkpoint holds, in parts and in the manifest itself. */
export const manifestBytes = ({ steps }: Manifest): number =>
  steps.reduce((sum, { sections }) => sum + sectionBytes(sections), 0)

/** Those of them that were on their way between tasks (C4). */
export const channelBytes = ({ steps }: Manifest): number =>
  steps.reduce((sum, { sections }) => sum + sectionBytes(sections.filter(isChannel)), 0)

export const sectionBytes = (sections: readonly Section[]): number =>
  sections.reduce(
    (sum, { content }) => sum + (content.kind === 'inline' ? content.bytes.length : content.length),
    0,
  )

const isChannel = ({ scope }: Section): boolean => scope.kind === 'channel'

const hasChannels = ({ sections }: StepSnapshot): boolean => sections.some(isChannel)

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
  switch (scope.kind) {
    case 'list':
      return null
    case 'group':
      return `key group ${scope.group}`
    case 'split':
      return `split ${scope.split}`
    case 'channel':
      return `channel ${channelLabel(scope)}`
  }
}
