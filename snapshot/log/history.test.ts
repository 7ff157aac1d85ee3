import { describe, expect, it } from 'vitest'
import { checkpointId, termNumber } from '../../core/ids.ts'
import { LogError } from '../errors.ts'
import { sampleManifest } from '../simulated/samples.ts'
import { memorySlots } from '../stores/memory-store.ts'
import { emptyHistory, extendHistory, hidingDamages, highestCheckpoint, readHistory } from './history.ts'
import type { SlotRecord } from './record.ts'
import { encodeSlot } from './slot-format.ts'

const checkpoint = (id: number): SlotRecord => ({
  kind: 'checkpoint',
  manifest: sampleManifest({ checkpoint: id }),
})
const claimed: SlotRecord = { kind: 'claimed', holder: 'a', atMs: 1 }
const sealed: SlotRecord = { kind: 'sealed', byTerm: termNumber(9) }
const finished: SlotRecord = { kind: 'finished', checkpoint: checkpointId(8) }

async function logOf(terms: readonly (readonly (SlotRecord | 'damaged')[])[]) {
  const slots = memorySlots()
  for (const [i, records] of terms.entries()) {
    for (const [slot, record] of records.entries()) {
      const bytes = record === 'damaged' ? Uint8Array.of(7) : encodeSlot(record)
      await slots.create(termNumber(i + 1), slot, bytes)
    }
  }
  return slots
}

describe('readHistory', () => {
  it('an empty log has no history', async () => {
    expect(await readHistory(memorySlots())).toEqual(emptyHistory)
    expect(highestCheckpoint(emptyHistory)).toBe(0)
  })

  it('lists checkpoints and finishes in the order of term and slot', async () => {
    const slots = await logOf([
      [claimed, checkpoint(1), { kind: 'aborted' }, checkpoint(3), sealed],
      [claimed, checkpoint(7), finished],
    ])
    const history = await readHistory(slots)
    expect(history.checkpoints.map(({ term, slot, manifest }) => [term, slot, manifest.checkpoint])).toEqual([
      [1, 1, 1],
      [1, 3, 3],
      [2, 1, 7],
    ])
    expect(history.finishes).toEqual([{ term: 2, slot: 2, checkpoint: 8 }])
    expect(history.terms.map(({ sealed: over }) => over)).toEqual([true, false])
    expect(history.damages).toEqual([])
  })

  it('C7: damaged is not absent', async () => {
    const history = await readHistory(await logOf([[claimed, 'damaged', checkpoint(3)]]))
    expect(history.damages).toMatchObject([{ term: 1, slot: 1, error: { code: 'SLOT_DAMAGED' } }])
    expect(history.terms[0]?.slots.map(({ kind }) => kind)).toEqual(['claimed', 'damaged', 'checkpoint'])
  })

  it('C7: unreadable is not absent', async () => {
    const slots = await logOf([[claimed, checkpoint(1)]])
    const error = new LogError('SLOT_UNREADABLE', 'EIO')
    const read: typeof slots.read = (term, slot) =>
      slot === 1 ? Promise.reject(error) : slots.read(term, slot)
    expect((await readHistory({ ...slots, read })).damages).toEqual([{ term: 1, slot: 1, error }])
  })

  it('an error of the store is no damage', async () => {
    const slots = await logOf([[claimed]])
    const read = () => Promise.reject(new Error('EMFILE'))
    await expect(readHistory({ ...slots, read })).rejects.toThrow('EMFILE')
  })

  it('a slot that was collected since it was listed is left out', async () => {
    const slots = await logOf([[claimed, checkpoint(1), checkpoint(2)]])
    const read: typeof slots.read = async (term, slot) => (slot === 1 ? null : slots.read(term, slot))
    expect((await readHistory({ ...slots, read })).checkpoints).toHaveLength(1)
  })

  it('E2: the seal of a latecomer, in a slot that was collected, says nothing', async () => {
    const history = await readHistory(await logOf([[claimed, sealed, checkpoint(2), sealed], [claimed]]))
    expect(history.damages).toEqual([])
    expect(history.checkpoints.map(({ manifest }) => manifest.checkpoint)).toEqual([2])
    expect(history.terms.map(({ sealed: over }) => over)).toEqual([true, false])
  })

  it('E2: a record behind a seal is reported, a second seal is not', async () => {
    const history = await readHistory(await logOf([[claimed, sealed, sealed, checkpoint(1)]]))
    expect(history.checkpoints).toEqual([])
    expect(history.damages).toMatchObject([{ slot: 3, error: { code: 'SLOT_AFTER_SEAL' } }])
  })

  it('extendHistory adds what the coordinator wrote, and leaves the old history as it was', async () => {
    const slots = await logOf([[claimed]])
    const before = await readHistory(slots)
    const copy = structuredClone(before)
    const record = checkpoint(1)
    await slots.create(termNumber(1), 1, encodeSlot(record))
    expect(extendHistory(before, { term: termNumber(1), slot: 1 }, record)).toEqual(await readHistory(slots))
    expect(before).toEqual(copy)
  })
})

describe('highestCheckpoint', () => {
  it('E6: is above every id in the log, in whatever order', async () => {
    const history = await readHistory(
      await logOf([
        [claimed, checkpoint(9), sealed],
        [claimed, checkpoint(4)],
      ]),
    )
    expect(highestCheckpoint(history)).toBe(9)
  })

  it('E6: leaves room for the id that a damaged slot hides, until a newer checkpoint is complete', async () => {
    const damaged = await readHistory(await logOf([[claimed, checkpoint(4), 'damaged', sealed], [claimed]]))
    expect(hidingDamages(damaged)).toHaveLength(1)
    expect(highestCheckpoint(damaged)).toBe(1_000_004)
    const later = await readHistory(
      await logOf([
        [claimed, checkpoint(4), 'damaged', sealed],
        [claimed, checkpoint(1_000_005)],
      ]),
    )
    expect(highestCheckpoint(later)).toBe(1_000_005)
  })

  it('a damaged claim hides nothing', async () => {
    const history = await readHistory(await logOf([[claimed, checkpoint(4), sealed], ['damaged']]))
    expect(hidingDamages(history)).toEqual([])
    expect(history.damages).toHaveLength(1)
  })
})
