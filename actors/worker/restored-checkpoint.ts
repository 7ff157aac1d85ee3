/** The checkpoint that a deployment restores, as its tasks read it. */
import { LogError } from '../../snapshot/errors.ts'
import { decodeSlot, placeLabel, type SlotPlace } from '../../snapshot/log/index.ts'
import type { StepName } from '../../core/ids.ts'
import type { Manifest, Section } from '../../snapshot/manifest.ts'
import { SectionReader } from '../../snapshot/parts.ts'
import type { CheckpointStore } from '../../snapshot/store.ts'

export class RestoredCheckpoint {
  private readonly manifest: Manifest
  private readonly reader: SectionReader

  constructor(store: CheckpointStore, manifest: Manifest) {
    this.manifest = manifest
    this.reader = new SectionReader(store.parts, manifest.parts)
  }

  static async open(store: CheckpointStore, place: SlotPlace): Promise<RestoredCheckpoint> {
    const bytes = await store.log.read(place.term, place.slot)
    const record = bytes && decodeSlot(bytes, place)
    if (record?.kind !== 'checkpoint') {
      throw new LogError(
        'SLOT_DAMAGED',
        `log slot ${placeLabel(place)}: expected a checkpoint to restore, found ${record?.kind ?? 'nothing'}`,
        { details: { ...place } },
      )
    }
    return new RestoredCheckpoint(store, record.manifest)
  }

  sections(step: StepName): readonly Section[] {
    return this.manifest.steps.find((found) => found.step === step)?.sections ?? []
  }

  /** Rejects with `PART_MISSING` or `PART_DAMAGED`. The bytes are shared: not to be changed. */
  read(section: Section): Promise<Uint8Array> {
    return this.reader.section(section.content)
  }
}
