/**
 * What a complete checkpoint is made of (C5). Entries are per step and key group, split or list item,
 * never per task, so that another parallelism can share them out.
 */
import type { CheckpointId, Epoch, FlowName, StepName } from '../core/ids.ts'

export const manifestFormat = 1

export interface Manifest {
  readonly format: typeof manifestFormat
  readonly job: FlowName
  readonly checkpoint: CheckpointId
  readonly epoch: Epoch
  /** C10: the checkpoint that follows every end. */
  readonly final: boolean
  readonly savepoint: boolean
  /** C4: barriers overtook; false: it was aligned, and no section is channel state. */
  readonly unaligned: boolean
  /** Of steps, state names and edges; without parallelism and fusion. */
  readonly fingerprint: string
  readonly keyGroups: number
  readonly startedMs: number
  readonly completedMs: number
  readonly steps: readonly StepSnapshot[]
  readonly parts: readonly PartInfo[]
}

export interface StepSnapshot {
  readonly step: StepName
  /** The user's state version. */
  readonly version: number
  readonly sections: readonly Section[]
}

/** One piece of a step's state and where its bytes are. */
export interface Section {
  readonly scope: Scope
  readonly content: SectionContent
}

export type SectionContent =
  /** Small: in the manifest itself. */
  | { readonly kind: 'inline'; readonly bytes: Uint8Array }
  /** `length` bytes at `offset` of the part with this name; `crc` is CRC-32 of the section. */
  | {
      readonly kind: 'part'
      readonly part: string
      readonly offset: number
      readonly length: number
      readonly crc: number
    }

export type Scope =
  /** Keyed state of one key group. */
  | { readonly kind: 'group'; readonly group: number }
  /** Position of one source split. */
  | { readonly kind: 'split'; readonly split: string }
  /** Anything that can be shared out freely, by the index of the task that wrote it. */
  | { readonly kind: 'list'; readonly index: number }
  | ChannelScope

/**
 * C4: the frames that were on their way on one link. They can be delivered to the same link only: the counts of tasks
 * are those of the steps at its ends when they were recorded.
 */
export interface ChannelScope {
  readonly kind: 'channel'
  readonly from: StepName
  readonly output: string
  /** 0, but for a step that reads one output several times. */
  readonly nth: number
  readonly fromIndex: number
  readonly fromTasks: number
  readonly to: StepName
  readonly toIndex: number
  readonly toTasks: number
}

export interface PartInfo {
  readonly name: string
  readonly bytes: number
  /** SHA-256, hex. */
  readonly digest: string
}

/** What one task contributes: its acknowledgement's content. */
export interface TaskSnapshot {
  readonly steps: readonly StepSnapshot[]
  readonly parts: readonly PartInfo[]
}

/** `clicks[0] → by-page[1]`, with the output where it is not the main one. */
export function channelLabel({ from, fromIndex, output, nth, to, toIndex }: ChannelScope): string {
  const outlet = output === 'main' ? '' : `.${output}`
  return `${from}[${fromIndex}]${outlet} → ${to}[${toIndex}]${nth === 0 ? '' : ` #${nth}`}`
}

/** Whether it is the same link between the same numbers of tasks. */
export const sameChannel = (a: ChannelScope, b: ChannelScope): boolean =>
  channelLabel(a) === channelLabel(b) && a.fromTasks === b.fromTasks && a.toTasks === b.toTasks
