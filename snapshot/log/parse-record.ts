/** A decoded value as a slot record, or a refusal that says where it differs. */
import { checkpointId, termNumber } from '../../core/ids.ts'
import type { SlotRecord } from './record.ts'
import { parseManifest } from './parse-manifest.ts'
import { finite, object, shapeError, text, whole } from './shape.ts'

export function parseRecord(value: unknown): SlotRecord {
  const record = object(value, 'record')
  const kind = text(record.kind, 'kind')
  switch (kind) {
    case 'claimed':
      return { kind, holder: text(record.holder, 'holder'), atMs: finite(record.atMs, 'atMs') }
    case 'checkpoint':
      return { kind, manifest: parseManifest(record.manifest) }
    case 'sealed':
      return { kind, byTerm: termNumber(whole(record.byTerm, 'byTerm', 1)) }
    case 'aborted':
      return { kind }
    case 'finished':
      return { kind, checkpoint: checkpointId(whole(record.checkpoint, 'checkpoint', 1)) }
    default:
      throw shapeError('kind', 'claimed, checkpoint, sealed, aborted or finished', kind)
  }
}
