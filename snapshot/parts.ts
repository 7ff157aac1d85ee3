/**
 * State parts: how a task's sections become bytes, and back.
 *
 * - E6: named by (epoch, checkpoint, task, ordinal), never overwritten.
 * - C5: a manifest knows each part's size and SHA-256, and each section's place and CRC-32; nothing is handed
 *   on that does not agree with them.
 *
 * Small sections travel inside the manifest (`limits.inlineSectionBytesMax`, `inlineTaskBytesMax`): a task
 * with little state writes no part at all.
 */
import { createHash, type Hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { StepName } from '../core/ids.ts'
import { limits } from '../core/limits.ts'
import { PartError } from './errors.ts'
import type { PartInfo, Scope, Section, SectionContent, StepSnapshot, TaskSnapshot } from './manifest.ts'
import { partName, type PartOwner } from './part-name.ts'
import type { PartStore } from './store.ts'

/** A section before it has a place. */
export interface SectionInput {
  readonly step: StepName
  readonly version: number
  readonly scope: Scope
  readonly chunks: readonly Uint8Array[]
}

export interface PartFile {
  readonly name: string
  readonly chunks: readonly Uint8Array[]
}

export interface BuiltSnapshot {
  /** What the task acknowledges, once `files` are in the store. */
  readonly snapshot: TaskSnapshot
  readonly files: readonly PartFile[]
}

interface OpenPart {
  readonly name: string
  readonly chunks: Uint8Array[]
  readonly digest: Hash
  bytes: number
}

/** Takes a task's sections one by one, so that a caller may spread the work; keeps their chunks by reference. */
export class PartBuilder {
  private readonly owner: PartOwner
  private readonly steps = new Map<StepName, { version: number; sections: Section[] }>()
  private readonly files: PartFile[] = []
  private readonly infos: PartInfo[] = []
  private part: OpenPart | undefined
  private inlineBytes = 0

  constructor(owner: PartOwner) {
    this.owner = owner
  }

  /** Throws `PART_TOO_LARGE`. */
  add(input: SectionInput): void {
    const bytes = input.chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    const step = this.steps.get(input.step) ?? { version: input.version, sections: [] }
    this.steps.set(input.step, step)
    step.sections.push({ scope: input.scope, content: this.place(input, bytes) })
  }

  /** A step without sections is part of the checkpoint too. */
  addStep(step: StepName, version: number): void {
    if (!this.steps.has(step)) this.steps.set(step, { version, sections: [] })
  }

  finish(): BuiltSnapshot {
    this.closePart()
    const steps = [...this.steps].map(([step, rest]): StepSnapshot => ({ step, ...rest }))
    return { snapshot: { steps, parts: this.infos }, files: this.files }
  }

  private place(input: SectionInput, bytes: number): SectionContent {
    if (bytes <= limits.inlineSectionBytesMax && this.inlineBytes + bytes <= limits.inlineTaskBytesMax) {
      this.inlineBytes += bytes
      return { kind: 'inline', bytes: concat(input.chunks, bytes) }
    }
    if (bytes > limits.partBytesMax) throw tooLarge(input, bytes)
    if (this.part && this.part.bytes + bytes > limits.partBytesTarget) this.closePart()
    const part = (this.part ??= this.openPart())
    const offset = part.bytes
    let crc = 0
    for (const chunk of input.chunks) {
      crc = crc32(chunk, crc)
      part.digest.update(chunk)
      part.chunks.push(chunk)
    }
    part.bytes += bytes
    return { kind: 'part', part: part.name, offset, length: bytes, crc }
  }

  private openPart(): OpenPart {
    const name = partName(this.owner, this.files.length)
    return { name, chunks: [], digest: createHash('sha256'), bytes: 0 }
  }

  private closePart(): void {
    if (!this.part) return
    const { name, chunks, bytes, digest } = this.part
    this.files.push({ name, chunks })
    this.infos.push({ name, bytes, digest: digest.digest('hex') })
    this.part = undefined
  }
}

export function buildSnapshot(owner: PartOwner, sections: readonly SectionInput[]): BuiltSnapshot {
  const builder = new PartBuilder(owner)
  for (const section of sections) builder.add(section)
  return builder.finish()
}

/** Durable on return (C5). */
export async function writeParts(store: PartStore, files: readonly PartFile[]): Promise<void> {
  for (const { name, chunks } of files) await store.put(name, chunks)
}

/** The whole part. Rejects with `PART_MISSING` or `PART_DAMAGED`. */
export async function readPart(store: PartStore, info: PartInfo): Promise<Uint8Array> {
  const bytes = await store.get(info.name)
  if (bytes.length !== info.bytes) throw damaged(info.name, `${info.bytes} bytes`, `${bytes.length}`)
  const digest = createHash('sha256').update(bytes).digest('hex')
  if (digest !== info.digest) throw damaged(info.name, `SHA-256 ${info.digest}`, digest)
  return bytes
}

/** A manifest's sections, each part read and verified once. Keeps what it read: use it for one restore. */
export class SectionReader {
  private readonly store: PartStore
  private readonly infos: ReadonlyMap<string, PartInfo>
  private readonly read = new Map<string, Promise<Uint8Array>>()

  constructor(store: PartStore, parts: readonly PartInfo[]) {
    this.store = store
    this.infos = new Map(parts.map((info) => [info.name, info]))
  }

  /** Rejects with `PART_MISSING` or `PART_DAMAGED`. The bytes are shared: not to be changed. */
  async section(content: SectionContent): Promise<Uint8Array> {
    if (content.kind === 'inline') return content.bytes
    const { part, offset, length, crc } = content
    const whole = await this.part(part)
    if (offset + length > whole.length)
      throw damaged(part, `${offset + length} bytes or more`, `${whole.length}`)
    const bytes = whole.subarray(offset, offset + length)
    const found = crc32(bytes)
    if (found !== crc) throw damaged(part, `CRC-32 ${crc} of ${length} bytes at ${offset}`, `${found}`)
    return bytes
  }

  private part(name: string): Promise<Uint8Array> {
    let bytes = this.read.get(name)
    if (!bytes) {
      const info = this.infos.get(name)
      if (!info) return Promise.reject(damaged(name, 'an entry in the manifest', 'none'))
      bytes = readPart(this.store, info)
      this.read.set(name, bytes)
    }
    return bytes
  }
}

function concat(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

function damaged(name: string, expected: string, found: string): PartError {
  return new PartError(
    'PART_DAMAGED',
    `state part ${name} is damaged: expected ${expected}, found ${found}; restore it from a copy of the store, or consent to an older checkpoint`,
    { details: { name, expected, found } },
  )
}

function tooLarge({ step, scope }: SectionInput, bytes: number): PartError {
  return new PartError(
    'PART_TOO_LARGE',
    `a section of '${step}' must be at most ${limits.partBytesMax} bytes, got ${bytes} (${JSON.stringify(scope)}); spread the state over more keys`,
    { details: { step, scope, bytes, bytesMax: limits.partBytesMax } },
  )
}
