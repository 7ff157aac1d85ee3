/**
 * Looking into a checkpoint store from outside: reads only, at any time, also beside a running job. What the job
 * collects meanwhile is missing then, and said to be.
 */
import { decodeValue } from '../core/codec/index.ts'
import { MillraceError } from '../core/errors.ts'
import { encodeKey, keyGroup, type Key } from '../core/keys/index.ts'
import { readChunks, type GroupHeader } from '../operators/state/group-format.ts'
import { placeLabel, readHistory, type History, type LoggedCheckpoint } from '../snapshot/log/index.ts'
import { channelBytes, manifestBytes, sectionBytes } from '../snapshot/assemble.ts'
import { channelLabel, type Manifest, type Section, type StepSnapshot } from '../snapshot/manifest.ts'
import { SectionReader } from '../snapshot/parts.ts'
import type { CheckpointStore } from '../snapshot/store.ts'
import { elementOf, readChannel } from '../transport/channel-recording.ts'

export interface CheckpointInfo {
  readonly id: number
  readonly job: string
  readonly term: number
  /** `term.attempt`. */
  readonly epoch: string
  readonly completedMs: number
  readonly durationMs: number
  /** State in the manifest and in parts. */
  readonly bytes: number
  readonly steps: number
  readonly parts: number
  readonly final: boolean
  readonly savepoint: boolean
  /** C4: its barriers overtook what waited between tasks, which is `channelBytes` of `bytes`. */
  readonly unaligned: boolean
  readonly channelBytes: number
}

export interface StoreContents {
  /** Ascending. */
  readonly checkpoints: readonly CheckpointInfo[]
  /** The job is over: every commit of this checkpoint is confirmed. */
  readonly finished: number | null
  /** Slots of the log that cannot be read. */
  readonly damages: readonly { readonly slot: string; readonly code: string; readonly message: string }[]
}

export async function listCheckpoints(store: CheckpointStore): Promise<StoreContents> {
  const history = await readHistory(store.log)
  return {
    checkpoints: history.checkpoints.map(describeCheckpoint),
    finished: history.finishes.at(-1)?.checkpoint ?? null,
    damages: history.damages.map((damage) => ({
      slot: placeLabel(damage),
      code: damage.error.code,
      message: damage.error.message,
    })),
  }
}

export interface StepInfo {
  readonly step: string
  readonly version: number
  readonly bytes: number
  readonly sections: readonly SectionInfo[]
}

export interface SectionInfo {
  /** `group 17`, `split flights.parquet:3`, `task 0`, `on its way clicks[0] → by-page[1]`. */
  readonly scope: string
  readonly bytes: number
  /** The part's name; null when it is in the manifest. */
  readonly part: string | null
}

export interface KeyState {
  readonly step: string
  readonly key: Key
  readonly group: number
  readonly version: number
  /** By cell name; empty cells are left out. A `mapCell` is a Map, a `listCell` an array. */
  readonly cells: Readonly<Record<string, unknown>>
}

/** C4: what a checkpoint holds of one link between two steps' tasks. */
export interface LinkContent {
  readonly from: string
  readonly fromIndex: number
  readonly to: string
  readonly toIndex: number
  readonly records: readonly unknown[]
}

/** One complete checkpoint. */
export class CheckpointView {
  readonly info: CheckpointInfo
  readonly steps: readonly StepInfo[]
  private readonly manifest: Manifest
  private readonly sections: SectionReader

  private constructor(store: CheckpointStore, found: LoggedCheckpoint) {
    this.info = describeCheckpoint(found)
    this.manifest = found.manifest
    this.steps = found.manifest.steps.map(describeStep)
    this.sections = new SectionReader(store.parts, found.manifest.parts)
  }

  /** The newest when `id` is undefined. Throws MillraceError `CHECKPOINT_UNKNOWN`. */
  static async open(store: CheckpointStore, id?: number): Promise<CheckpointView> {
    const history = await readHistory(store.log)
    const found = history.checkpoints.findLast(
      ({ manifest }) => id === undefined || manifest.checkpoint === id,
    )
    if (found) return new CheckpointView(store, found)
    throw unknown(
      'CHECKPOINT_UNKNOWN',
      `no complete checkpoint${id === undefined ? '' : ` ${id}`}`,
      idsOf(history),
    )
  }

  /** Every complete checkpoint, oldest first. */
  static async all(store: CheckpointStore): Promise<readonly CheckpointView[]> {
    const { checkpoints } = await readHistory(store.log)
    return checkpoints.map((found) => new CheckpointView(store, found))
  }

  /** Throws MillraceError `STEP_UNKNOWN`. */
  step(name: string): StepInfo {
    const found = this.steps.find(({ step }) => step === name)
    if (found) return found
    throw unknown(
      'STEP_UNKNOWN',
      `no step '${name}'`,
      this.steps.map(({ step }) => step),
    )
  }

  /**
   * The position of each split of a source, what a sink has staged, or how many elements were on their way to the step
   * (C4). Rejects with PartError where the state is missing or damaged.
   */
  async values(name: string): Promise<readonly { readonly scope: string; readonly value: unknown }[]> {
    const sections = this.sectionsOf(name).filter(({ scope }) => scope.kind !== 'group')
    const values: { scope: string; value: unknown }[] = []
    for (const section of sections) {
      const bytes = await this.sections.section(section.content)
      const value = section.scope.kind === 'channel' ? describeChannel(bytes) : decodeValue(bytes)
      values.push({ scope: scopeLabel(section), value })
    }
    return values
  }

  /** Null when the key holds no state. Rejects with PartError where the state is missing or damaged. */
  async key(name: string, key: Key): Promise<KeyState | null> {
    const wanted = Buffer.from(encodeKey(key))
    const group = keyGroup(key, this.manifest.keyGroups)
    for await (const state of this.keys(name, group)) if (wanted.equals(encodeKey(state.key))) return state
    return null
  }

  /**
   * The state of every key of a step, or of those of one group. Throws PartError where it is missing or damaged.
   */
  async *keys(name: string, group?: number): AsyncIterableIterator<KeyState> {
    for (const { scope, content } of this.sectionsOf(name)) {
      if (scope.kind !== 'group' || (group !== undefined && scope.group !== group)) continue
      const chunks = readChunks(await this.sections.section(content))
      const header = chunks.next().value as GroupHeader
      for (const chunk of chunks) {
        for (const [key, ...slots] of chunk as [Key, ...unknown[]][]) {
          const cells = header.cells.map((cell, index) => [cell, slots[index]] as const)
          const filled = cells.filter(([, value]) => value !== undefined)
          yield {
            step: name,
            key,
            group: scope.group,
            version: header.version,
            cells: Object.fromEntries(filled),
          }
        }
      }
    }
  }

  /**
   * C4: what was on its way, link by link, in order; nothing for an aligned checkpoint. Rejects with PartError where
   * it is missing or damaged.
   */
  async onTheWay(): Promise<readonly LinkContent[]> {
    const contents: LinkContent[] = []
    for (const { scope, content } of this.manifest.steps.flatMap(({ sections }) => sections)) {
      if (scope.kind !== 'channel') continue
      const { from, fromIndex, to, toIndex } = scope
      const elements = [...readChannel(await this.sections.section(content))].map(elementOf)
      const records = elements.flatMap((element) => (element.kind === 'batch' ? element.records : []))
      contents.push({ from, fromIndex, to, toIndex, records })
    }
    return contents
  }

  private sectionsOf(name: string): readonly Section[] {
    this.step(name)
    return this.manifest.steps.find(({ step }) => step === name)?.sections ?? []
  }
}

function describeCheckpoint({ term, manifest }: LoggedCheckpoint): CheckpointInfo {
  return {
    id: manifest.checkpoint,
    job: manifest.job,
    term,
    epoch: `${manifest.epoch.term}.${manifest.epoch.attempt}`,
    completedMs: manifest.completedMs,
    durationMs: manifest.completedMs - manifest.startedMs,
    bytes: manifestBytes(manifest),
    steps: manifest.steps.length,
    parts: manifest.parts.length,
    final: manifest.final,
    savepoint: manifest.savepoint,
    unaligned: manifest.unaligned,
    channelBytes: channelBytes(manifest),
  }
}

function describeStep({ step, version, sections }: StepSnapshot): StepInfo {
  const infos = sections.map((section): SectionInfo => {
    const part = section.content.kind === 'part' ? section.content.part : null
    return { scope: scopeLabel(section), bytes: sectionBytes([section]), part }
  })
  return { step, version, bytes: sectionBytes(sections), sections: infos }
}

function scopeLabel({ scope }: Section): string {
  switch (scope.kind) {
    case 'group':
      return `group ${scope.group}`
    case 'split':
      return `split ${scope.split}`
    case 'list':
      return `task ${scope.index}`
    case 'channel':
      return `on its way ${channelLabel(scope)}`
  }
}

/** What it holds, of which kind. */
function describeChannel(bytes: Uint8Array): { readonly records: number; readonly watermarks: number } {
  let records = 0
  let watermarks = 0
  for (const frame of readChannel(bytes)) {
    if (frame.kind === 'batch') records += frame.count
    else watermarks += 1
  }
  return { records, watermarks }
}

const idsOf = ({ checkpoints }: History): string[] =>
  checkpoints.map(({ manifest }) => String(manifest.checkpoint))

function unknown(code: string, what: string, known: readonly string[]): MillraceError {
  const found = known.length === 0 ? 'found none' : `found ${known.join(', ')}`
  return new MillraceError(code, `there is ${what}; ${found}`, { retry: 'fatal', details: { found: known } })
}
