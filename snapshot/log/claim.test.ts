import { describe, expect, it } from 'vitest'
import { termNumber } from '../../core/ids.ts'
import { LogError } from '../errors.ts'
import { sampleManifest } from '../simulated/samples.ts'
import { memorySlots } from '../stores/memory-store.ts'
import type { SlotStore } from '../store.ts'
import { claimTerm, refuseHigherTerm } from './claim.ts'
import { readHistory } from './history.ts'
import type { SlotRecord } from './record.ts'
import { encodeSlot } from './slot-format.ts'

const checkpoint = (id: number): SlotRecord => ({
  kind: 'checkpoint',
  manifest: sampleManifest({ checkpoint: id }),
})

/** `1: claimed checkpoint sealed` … */
async function outline(slots: SlotStore): Promise<string[]> {
  const { terms } = await readHistory(slots)
  return terms.map(
    ({ term, slots: found }) => `${term}: ${found.map(({ slot, kind }) => `${slot} ${kind}`).join(', ')}`,
  )
}

describe('claimTerm', () => {
  it('E3: the first claim takes term 1', async () => {
    const slots = memorySlots()
    expect((await claimTerm(slots, { holder: 'a', atMs: 5 })).term).toBe(1)
    expect((await readHistory(slots)).terms).toEqual([
      { term: 1, claim: { holder: 'a', atMs: 5 }, sealed: false, slots: [{ slot: 0, kind: 'claimed' }] },
    ])
  })

  it('E3: a takeover seals every unsealed lower term in its first free slot', async () => {
    const slots = memorySlots()
    const first = await claimTerm(slots, { holder: 'a', atMs: 0 })
    await first.append(checkpoint(1))
    await claimTerm(slots, { holder: 'b', atMs: 0 })
    await claimTerm(slots, { holder: 'c', atMs: 0 })
    expect(await outline(slots)).toEqual([
      '1: 0 claimed, 1 checkpoint, 2 sealed',
      '2: 0 claimed, 1 sealed',
      '3: 0 claimed',
    ])
    await expect(first.append(checkpoint(2))).rejects.toMatchObject({
      code: 'SUPERSEDED',
      details: { term: 1 },
    })
  })

  it('E2: who seals late, where a slot was written and collected meanwhile, changes nothing that is read', async () => {
    const slots = memorySlots()
    const first = await claimTerm(slots, { holder: 'a', atMs: 0 })
    const late: SlotStore = {
      ...slots,
      async create(term, slot, bytes) {
        if (term === first.term) {
          await first.append(checkpoint(1))
          await first.append(checkpoint(2))
          const third = await claimTerm(slots, { holder: 'c', atMs: 0 })
          await third.append(checkpoint(3))
          await slots.remove(first.term, 1)
        }
        return slots.create(term, slot, bytes)
      },
    }
    await expect(claimTerm(late, { holder: 'b', atMs: 0 })).rejects.toMatchObject({ code: 'SUPERSEDED' })
    expect(await outline(slots)).toEqual([
      '1: 0 claimed, 1 sealed, 2 checkpoint, 3 sealed',
      '2: 0 claimed, 1 sealed',
      '3: 0 claimed, 1 checkpoint',
    ])
    const { checkpoints, damages } = await readHistory(slots)
    expect(checkpoints.map(({ manifest }) => manifest.checkpoint)).toEqual([2, 3])
    expect(damages).toEqual([])
  })

  it('E3: when the next term is taken, the one after it is tried', async () => {
    const slots = memorySlots()
    const stale = { ...slots, terms: async () => [] }
    await claimTerm(slots, { holder: 'a', atMs: 0 })
    expect((await claimTerm(stale, { holder: 'b', atMs: 0 })).term).toBe(2)
  })

  it('E3: a term whose slot 0 never came is sealed there', async () => {
    const slots = memorySlots()
    const withFolder = {
      ...slots,
      terms: async () => [termNumber(1), ...(await slots.terms()).filter((t) => t > 1)],
    }
    expect((await claimTerm(withFolder, { holder: 'b', atMs: 0 })).term).toBe(2)
    expect(await outline(slots)).toEqual(['1: 0 sealed', '2: 0 claimed'])
    expect(await slots.create(termNumber(1), 0, Uint8Array.of(1))).toBe('taken')
  })

  it('E3: a damaged seal is sealed again', async () => {
    const slots = memorySlots()
    await claimTerm(slots, { holder: 'a', atMs: 0 })
    await slots.create(termNumber(1), 1, encodeSlot({ kind: 'sealed', byTerm: termNumber(2) }).subarray(0, 9))
    await claimTerm(slots, { holder: 'b', atMs: 0 })
    expect((await outline(slots))[0]).toBe('1: 0 claimed, 1 damaged, 2 sealed')
  })

  it('E3: an unreadable highest slot is sealed after', async () => {
    const slots = memorySlots()
    await claimTerm(slots, { holder: 'a', atMs: 0 })
    const read: SlotStore['read'] = () => Promise.reject(new LogError('SLOT_UNREADABLE', 'EIO'))
    expect((await claimTerm({ ...slots, read }, { holder: 'b', atMs: 0 })).term).toBe(2)
    expect((await outline(slots))[0]).toBe('1: 0 claimed, 1 sealed')
  })

  it('E3: who finds a higher term after sealing is superseded at once', async () => {
    const slots = memorySlots()
    let lists = 0
    const overtaken: SlotStore = {
      ...slots,
      async terms() {
        if ((lists += 1) === 3) await claimTerm(slots, { holder: 'b', atMs: 0 })
        return slots.terms()
      },
    }
    await expect(claimTerm(overtaken, { holder: 'a', atMs: 0 })).rejects.toMatchObject({ code: 'SUPERSEDED' })
    await expect(refuseHigherTerm(slots, termNumber(1))).rejects.toThrow(
      /term 1 of this job is over.*found term 2/,
    )
    await refuseHigherTerm(slots, termNumber(2))
  })

  it('E4: a lost answer to the claim is an own success, a lost claim is made again', async () => {
    for (const applied of [true, false]) {
      const slots = memorySlots()
      let calls = 0
      const lossy: SlotStore = {
        ...slots,
        async create(...call) {
          calls += 1
          if (applied) await slots.create(...call)
          if (calls === 1) throw new Error('connection lost')
          return slots.create(...call)
        },
      }
      expect((await claimTerm(lossy, { holder: 'a', atMs: 0 })).term).toBe(1)
      expect(await slots.terms()).toEqual([1])
    }
  })

  it('a store that fails twice fails the claim with its own error', async () => {
    const broken: SlotStore = { ...memorySlots(), create: () => Promise.reject(new Error('no route')) }
    await expect(claimTerm(broken, { holder: 'a', atMs: 0 })).rejects.toThrow('no route')
  })

  it('a claim that never finds a free slot gives up', async () => {
    const busy: SlotStore = {
      ...memorySlots(),
      create: () => Promise.resolve('taken'),
      read: () => Promise.resolve(Uint8Array.of(1)),
    }
    await expect(claimTerm(busy, { holder: 'a', atMs: 0 })).rejects.toMatchObject({
      code: 'CLAIM_CONTENDED',
      retry: 'retry',
    })
    const racing: SlotStore = {
      ...busy,
      terms: () => Promise.resolve([termNumber(1)]),
      create: async (term) => (term === 2 ? 'created' : 'taken'),
    }
    await expect(claimTerm(racing, { holder: 'a', atMs: 0 })).rejects.toMatchObject({
      code: 'CLAIM_CONTENDED',
    })
  })
})
