import { checkpointId, flowName, stepName, termNumber, type Epoch } from '../../core/ids.ts'
import {
  manifestFormat,
  type Manifest,
  type PartInfo,
  type Scope,
  type Section,
  type SectionContent,
  type StepSnapshot,
} from '../manifest.ts'
import { isPartName } from '../part-name.ts'
import { array, bytes, finite, flag, object, shapeError, text, whole } from './shape.ts'

export function parseManifest(value: unknown): Manifest {
  const manifest = object(value, 'manifest')
  if (manifest.format !== manifestFormat) {
    throw shapeError('manifest.format', String(manifestFormat), manifest.format)
  }
  return {
    format: manifestFormat,
    job: flowName(manifest.job),
    checkpoint: checkpointId(whole(manifest.checkpoint, 'manifest.checkpoint', 1)),
    epoch: parseEpoch(manifest.epoch, 'manifest.epoch'),
    final: flag(manifest.final, 'manifest.final'),
    savepoint: flag(manifest.savepoint, 'manifest.savepoint'),
    // Older manifests do not know of it.
    unaligned: flag(manifest.unaligned ?? false, 'manifest.unaligned'),
    fingerprint: text(manifest.fingerprint, 'manifest.fingerprint'),
    keyGroups: whole(manifest.keyGroups, 'manifest.keyGroups', 1),
    startedMs: finite(manifest.startedMs, 'manifest.startedMs'),
    completedMs: finite(manifest.completedMs, 'manifest.completedMs'),
    steps: array(manifest.steps, 'manifest.steps', parseStep),
    parts: array(manifest.parts, 'manifest.parts', parsePart),
  }
}

function parseEpoch(value: unknown, where: string): Epoch {
  const epoch = object(value, where)
  return {
    term: termNumber(whole(epoch.term, `${where}.term`, 1)),
    attempt: whole(epoch.attempt, `${where}.attempt`),
  }
}

function parseStep(value: unknown, where: string): StepSnapshot {
  const step = object(value, where)
  return {
    step: stepName(step.step),
    version: whole(step.version, `${where}.version`),
    sections: array(step.sections, `${where}.sections`, parseSection),
  }
}

function parseSection(value: unknown, where: string): Section {
  const section = object(value, where)
  return {
    scope: parseScope(section.scope, `${where}.scope`),
    content: parseContent(section.content, `${where}.content`),
  }
}

function parseScope(value: unknown, where: string): Scope {
  const scope = object(value, where)
  switch (scope.kind) {
    case 'group':
      return { kind: 'group', group: whole(scope.group, `${where}.group`) }
    case 'split':
      return { kind: 'split', split: text(scope.split, `${where}.split`) }
    case 'list':
      return { kind: 'list', index: whole(scope.index, `${where}.index`) }
    case 'channel':
      return {
        kind: 'channel',
        from: stepName(scope.from),
        output: text(scope.output, `${where}.output`),
        nth: whole(scope.nth, `${where}.nth`),
        fromIndex: whole(scope.fromIndex, `${where}.fromIndex`),
        fromTasks: whole(scope.fromTasks, `${where}.fromTasks`, 1),
        to: stepName(scope.to),
        toIndex: whole(scope.toIndex, `${where}.toIndex`),
        toTasks: whole(scope.toTasks, `${where}.toTasks`, 1),
      }
    default:
      throw shapeError(`${where}.kind`, 'group, split, list or channel', scope.kind)
  }
}

function parseContent(value: unknown, where: string): SectionContent {
  const content = object(value, where)
  switch (content.kind) {
    case 'inline':
      return { kind: 'inline', bytes: bytes(content.bytes, `${where}.bytes`) }
    case 'part':
      return {
        kind: 'part',
        part: parsePartName(content.part, `${where}.part`),
        offset: whole(content.offset, `${where}.offset`),
        length: whole(content.length, `${where}.length`),
        crc: whole(content.crc, `${where}.crc`),
      }
    default:
      throw shapeError(`${where}.kind`, 'inline or part', content.kind)
  }
}

function parsePart(value: unknown, where: string): PartInfo {
  const part = object(value, where)
  const digest = text(part.digest, `${where}.digest`)
  if (!/^[0-9a-f]{64}$/.test(digest)) throw shapeError(`${where}.digest`, 'a SHA-256 in hex', digest)
  return {
    name: parsePartName(part.name, `${where}.name`),
    bytes: whole(part.bytes, `${where}.bytes`),
    digest,
  }
}

/** The name becomes a path: nothing but the allow-list gets that far. */
function parsePartName(value: unknown, where: string): string {
  const name = text(value, where)
  if (!isPartName(name)) throw shapeError(where, 'the name of a part', name)
  return name
}
