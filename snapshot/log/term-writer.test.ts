import { describe, expect, it } from 'vitest'
import { checkpointId, termNumber } from '../../core/ids.ts'
import { StoreError } from '../errors.ts'
import { sampleManifest } from '../simulated/samples.ts'
import { memorySlots } from '../stores/memory-store.ts'
import type { SlotStore } from '../store.ts'
import { readHistory } from './history.ts'
import type { SlotRecord } from './record.ts'
import { encodeSlot } from './slot-format.ts'
import { TermWriter } from './term-writer.ts'

const term = termNumber(1)
const checkpoint = (id: number): SlotRecord => ({
  kind: 'checkpoint',
  manifest: sampleManifest({ checkpoint: id }),
})
const seal = encodeSlot({ kind: 'sealed', byTerm: termNumber(2) })

/** What happens to the next creations, in order; then they succeed. */
type Fate = 'ok' | 'lost-answer' | 'not-applied' | 'refused'

function faulty(fates: Fate[]): SlotStore & { creations: number } {
  const slots = memorySlots()
  return {
    ...slots,
    creations: 0,
    async create(...call) {
      this.creations += 1
      const fate = fates.shift() ?? 'ok'
      if (fate === 'refused') throw new StoreError('STORE_FULL', 'full', { notCreated: true })
      if (fate === 'not-applied') throw new Error('connection lost before')
      const outcome = await slots.create(...call)
      if (fate === 'lost-answer') throw new Error('connection lost after')
      return outcome
    },
  }
}

const idsIn = async (slots: SlotStore): Promise<number[]> =>
  (await readHistory(slots)).checkpoints.map(({ manifest }) => manifest.checkpoint)

describe('TermWriter', () => {
  it('E2: appends to dense slots', async () => {
    const slots = memorySlots()
    const writer = new TermWriter(slots, term, 1)
    expect(await writer.append(checkpoint(1))).toEqual({ kind: 'created', slot: 1 })
    expect(await writer.append({ kind: 'finished', checkpoint: checkpointId(1) })).toEqual({
      kind: 'created',
      slot: 2,
    })
    expect(await slots.slots(term)).toEqual([1, 2])
  })

  it('E2: one write at a time', async () => {
    const writer = new TermWriter(memorySlots(), term, 1)
    const first = writer.append(checkpoint(1))
    await expect(writer.append(checkpoint(2))).rejects.toThrow(/E4.*writing/)
    await first
  })

  it('E3: a slot taken by another ends the writer, which never writes again', async () => {
    const slots = faulty([])
    await slots.create(term, 1, seal)
    const writer = new TermWriter(slots, term, 1)
    await expect(writer.append(checkpoint(1))).rejects.toMatchObject({ code: 'SUPERSEDED', retry: 'fatal' })
    await expect(writer.append(checkpoint(1))).rejects.toThrow(/seal by term 2/)
    await expect(writer.decide()).rejects.toMatchObject({ code: 'SUPERSEDED' })
    expect(slots.creations).toBe(2)
    expect(await idsIn(slots)).toEqual([])
  })

  it('E3: a damaged slot of another ends the writer too', async () => {
    const slots = memorySlots()
    await slots.create(term, 1, Uint8Array.of(1))
    await expect(new TermWriter(slots, term, 1).append(checkpoint(1))).rejects.toThrow(
      /SUPERSEDED|damaged record/,
    )
  })

  it('E4: an answer lost after the write is an own success', async () => {
    const slots = faulty(['lost-answer'])
    const writer = new TermWriter(slots, term, 1)
    expect(await writer.append(checkpoint(1))).toEqual({ kind: 'created', slot: 1 })
    expect(await writer.append(checkpoint(2))).toEqual({ kind: 'created', slot: 2 })
    expect(await idsIn(slots)).toEqual([1, 2])
  })

  it('E4: a write that did not arrive is decided by `aborted` in its slot', async () => {
    const slots = faulty(['not-applied'])
    const writer = new TermWriter(slots, term, 1)
    expect(await writer.append(checkpoint(1))).toMatchObject({
      kind: 'failed',
      error: { message: 'connection lost before' },
    })
    expect(await writer.append(checkpoint(2))).toEqual({ kind: 'created', slot: 2 })
    expect(await idsIn(slots)).toEqual([2])
  })

  it('E4: while the store does not answer, the outcome stays unknown and nothing else is written', async () => {
    const slots = faulty(['not-applied', 'not-applied', 'not-applied', 'lost-answer'])
    const writer = new TermWriter(slots, term, 1)
    await expect(writer.append(checkpoint(1))).rejects.toMatchObject({
      code: 'SLOT_UNDECIDED',
      retry: 'retry',
    })
    await expect(writer.append(checkpoint(2))).rejects.toThrow(/E4.*undecided/)
    await expect(writer.decide()).rejects.toMatchObject({ code: 'SLOT_UNDECIDED' })
    await expect(writer.decide()).rejects.toMatchObject({ code: 'SLOT_UNDECIDED' })
    expect(await writer.decide()).toMatchObject({ kind: 'failed' })
    expect(await writer.append(checkpoint(2))).toEqual({ kind: 'created', slot: 2 })
    expect(await idsIn(slots)).toEqual([2])
  })

  it('E4: a seal that came while the outcome was unknown supersedes', async () => {
    const slots = faulty(['not-applied', 'not-applied'])
    const writer = new TermWriter(slots, term, 1)
    await expect(writer.append(checkpoint(1))).rejects.toMatchObject({ code: 'SLOT_UNDECIDED' })
    await slots.create(term, 1, seal)
    await expect(writer.decide()).rejects.toMatchObject({ code: 'SUPERSEDED' })
  })

  it('E4: own bytes below a seal are a success when creating there has made them durable', async () => {
    const slots = faulty(['lost-answer', 'not-applied'])
    const writer = new TermWriter(slots, term, 1)
    await expect(writer.append(checkpoint(1))).rejects.toMatchObject({ code: 'SLOT_UNDECIDED' })
    await slots.create(term, 2, seal)
    const creations = slots.creations
    expect(await writer.decide()).toEqual({ kind: 'created', slot: 1 })
    expect(slots.creations).toBe(creations + 1)
    await expect(writer.append(checkpoint(2))).rejects.toMatchObject({ code: 'SUPERSEDED' })
  })

  it.each(['before', 'while'] as const)(
    'E2, E4: a slot that was written without an answer, and collected %s that is decided, supersedes',
    async (moment) => {
      const slots = faulty(['lost-answer', 'not-applied'])
      const { create } = slots
      const takeOver = async (): Promise<void> => {
        await slots.create(term, 2, seal)
        await slots.remove(term, 1)
      }
      const writer = new TermWriter(slots, term, 1)
      await expect(writer.append(checkpoint(1))).rejects.toMatchObject({ code: 'SLOT_UNDECIDED' })
      if (moment === 'before') await takeOver()
      else
        slots.create = async (...call) => {
          slots.create = create
          await takeOver()
          return slots.create(...call)
        }
      await expect(writer.decide()).rejects.toThrow(
        moment === 'before' ? /slot 1 taken and then removed/ : /a seal above slot 1/,
      )
      await expect(writer.append(checkpoint(2))).rejects.toMatchObject({ code: 'SUPERSEDED' })
      expect(await slots.slots(term)).toEqual(moment === 'before' ? [2] : [1, 2])
      expect(await idsIn(slots)).toEqual([])
    },
  )

  it('E4: a refusal that certainly created nothing keeps the slot free', async () => {
    const slots = faulty(['refused'])
    const writer = new TermWriter(slots, term, 1)
    expect(await writer.append(checkpoint(1))).toMatchObject({
      kind: 'failed',
      error: { code: 'STORE_FULL' },
    })
    expect(await writer.append(checkpoint(2))).toEqual({ kind: 'created', slot: 1 })
  })
})
