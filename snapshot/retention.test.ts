import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkpointId, stepName, taskId, termNumber, type Epoch } from '../core/ids.ts'
import { collect } from './collect.ts'
import { LogError } from './errors.ts'
import { emptyHistory, extendHistory, placeLabel, type History, type SlotRecord } from './log/index.ts'
import type { Manifest } from './manifest.ts'
import { partName } from './part-name.ts'
import { deadTerms, planCollection, withoutCollected, type RetentionFacts } from './retention.ts'
import { sampleManifest } from './simulated/samples.ts'
import { memoryParts, memorySlots } from './stores/memory-store.ts'

const digest = '0'.repeat(64)
const part = (checkpoint: number, term: number, attempt = 0, step = 'a'): string =>
  partName(
    {
      epoch: { term: termNumber(term), attempt },
      checkpoint: checkpointId(checkpoint),
      task: taskId(stepName(step), 0),
    },
    0,
  )
const manifestWith = (
  checkpoint: number,
  term: number,
  savepoint: boolean,
  parts: readonly string[],
): Manifest => ({
  ...sampleManifest({ checkpoint, term, savepoint }),
  parts: parts.map((name) => ({ name, bytes: 1, digest })),
})

type Entry = 'checkpoint' | 'savepoint' | 'aborted' | 'finished' | 'damaged'

interface Log {
  readonly history: History
  readonly parts: string[]
}

/** Each term but the last is sealed. Each checkpoint has one part, and each term leaves one orphan. */
function logOf(terms: readonly (readonly Entry[])[]): Log {
  let history = emptyHistory
  const parts: string[] = []
  let id = 0
  for (const [i, entries] of terms.entries()) {
    const term = termNumber(i + 1)
    const records: (SlotRecord | 'damaged')[] = [{ kind: 'claimed', holder: 'a', atMs: 0 }]
    for (const entry of entries) {
      id += 1
      const name = part(id, term)
      if (entry === 'damaged') records.push('damaged')
      else if (entry === 'aborted') records.push({ kind: 'aborted' })
      else if (entry === 'finished') records.push({ kind: 'finished', checkpoint: checkpointId(id) })
      else
        records.push({ kind: 'checkpoint', manifest: manifestWith(id, term, entry === 'savepoint', [name]) })
      parts.push(name)
    }
    if (i < terms.length - 1) records.push({ kind: 'sealed', byTerm: termNumber(i + 2) })
    for (const [slot, record] of records.entries()) history = add(history, { term, slot }, record)
  }
  return { history, parts }
}

function add(
  history: History,
  place: { term: ReturnType<typeof termNumber>; slot: number },
  record: SlotRecord | 'damaged',
) {
  if (record !== 'damaged') return extendHistory(history, place, record)
  const { terms, damages } = extendHistory(history, place, { kind: 'aborted' })
  const marked = terms.map((home) =>
    home.term === place.term
      ? {
          ...home,
          slots: home.slots.map((slot) =>
            slot.slot === place.slot ? { ...slot, kind: 'damaged' as const } : slot,
          ),
        }
      : home,
  )
  return {
    ...history,
    terms: marked,
    damages: [...damages, { ...place, error: new LogError('SLOT_DAMAGED', 'x') }],
  }
}

const labels = (facts: RetentionFacts): string[] => planCollection(facts).slots.map(placeLabel)

describe('retention', () => {
  it('C9: keeps the newest N and all savepoints', () => {
    const { history } = logOf([
      ['checkpoint', 'savepoint', 'checkpoint', 'checkpoint', 'checkpoint', 'checkpoint'],
    ])
    expect(labels({ history, keep: 3 })).toEqual(['1/1', '1/3'])
    expect(planCollection({ history, keep: 3 }).parts).toEqual([part(1, 1), part(3, 1)])
    expect(labels({ history, keep: 6 })).toEqual([])
  })

  it('C9: keeps what a restore may be reading', () => {
    const { history } = logOf([['checkpoint', 'checkpoint', 'checkpoint', 'checkpoint']])
    const plan = planCollection({ history, keep: 1, protect: [checkpointId(2)] })
    expect(plan.slots.map(placeLabel)).toEqual(['1/1', '1/3'])
    expect(plan.parts).toEqual([part(1, 1), part(3, 1)])
  })

  it('C9: a part that a kept manifest names stays, whichever obsolete one names it too', () => {
    const place = { term: termNumber(1), slot: 1 }
    const shared = manifestWith(1, 1, false, ['1.0.1.a.0.0', '1.0.1.b.0.0'])
    const newer = manifestWith(2, 1, false, ['1.0.1.b.0.0'])
    let history = extendHistory(emptyHistory, place, { kind: 'checkpoint', manifest: shared })
    history = extendHistory(history, { ...place, slot: 2 }, { kind: 'checkpoint', manifest: newer })
    expect(planCollection({ history, keep: 1 }).parts).toEqual(['1.0.1.a.0.0'])
  })

  it('E3: slot 0, seals and the highest slot of an unsealed term stay', () => {
    const { history } = logOf([
      ['aborted', 'checkpoint'],
      ['checkpoint', 'checkpoint', 'aborted', 'aborted'],
    ])
    expect(labels({ history, keep: 1 })).toEqual(['1/1', '1/2', '2/1', '2/3'])
  })

  it('C10: the finish that counts stays', () => {
    const { history } = logOf([
      ['checkpoint', 'finished'],
      ['checkpoint', 'finished'],
    ])
    expect(labels({ history, keep: 1 })).toEqual(['1/1', '1/2'])
  })

  it('E6: orphans go with their sealed term; a running epoch, adopted ones too, keeps its parts', () => {
    const { history } = logOf([['checkpoint'], ['checkpoint'], ['checkpoint']])
    const parts = [part(9, 1, 4), part(9, 2), part(9, 3), 'notes.txt']
    const own: Epoch = { term: termNumber(3), attempt: 0 }
    expect(planCollection({ history, keep: 3, parts, running: [own] }).parts).toEqual([
      part(9, 1, 4),
      part(9, 2),
    ])
    const adopted: Epoch = { term: termNumber(2), attempt: 0 }
    expect(planCollection({ history, keep: 3, parts, running: [own, adopted] }).parts).toEqual([
      part(9, 1, 4),
    ])
    expect(deadTerms(history, [own, adopted])).toEqual([1])
  })

  it('C7: damaged slots stay, and every part that one of them may name', () => {
    const { history } = logOf([['checkpoint'], ['damaged', 'checkpoint'], ['checkpoint'], ['checkpoint']])
    const parts = [part(9, 1), part(9, 2), part(9, 3)]
    expect(planCollection({ history, keep: 9, parts }).parts).toEqual([part(9, 3)])
    expect(labels({ history, keep: 1 })).toEqual(['1/1', '2/2', '3/1'])
  })

  it('C9: over any log, what must stay stays, and a second collection finds nothing', () => {
    const entry = fc.constantFrom<Entry>('checkpoint', 'savepoint', 'aborted', 'finished', 'damaged')
    fc.assert(
      fc.property(
        fc.array(fc.array(entry, { maxLength: 8 }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.integer({ min: 1, max: 20 })),
        fc.boolean(),
        (terms, keep, protectedIds, adopt) => {
          const { history, parts } = logOf(terms)
          const own: Epoch = { term: termNumber(terms.length), attempt: 0 }
          const running = adopt ? [own, { term: termNumber(1), attempt: 0 }] : [own]
          const protect = protectedIds.map(checkpointId)
          const facts = { history, keep, parts, running, protect }
          const plan = planCollection(facts)
          const after = withoutCollected(history, plan)

          const mustStay = history.checkpoints.filter(
            (checkpoint, i) =>
              i >= history.checkpoints.length - keep ||
              checkpoint.manifest.savepoint ||
              protect.includes(checkpoint.manifest.checkpoint),
          )
          expect(after.checkpoints).toEqual(mustStay)
          const named = after.checkpoints.flatMap(({ manifest }) => manifest.parts.map(({ name }) => name))
          expect(plan.parts.filter((name) => named.includes(name))).toEqual([])
          expect(after.damages).toEqual(history.damages)
          for (const home of history.terms) {
            const left = after.terms.find(({ term }) => term === home.term)
            expect(left?.slots[0]).toEqual(home.slots[0])
            expect(left?.slots.at(-1)).toEqual(home.slots.at(-1))
            expect(left?.sealed).toBe(home.sealed)
          }
          const obsolete = history.checkpoints.flatMap(({ manifest }) =>
            manifest.parts.map(({ name }) => name),
          )
          for (const name of plan.parts) {
            const ofRunning = running.some(({ term }) => name.startsWith(`${term}.`))
            expect(ofRunning && !obsolete.includes(name)).toBe(false)
          }
          const left = parts.filter((name) => !plan.parts.includes(name))
          const again = planCollection({ ...facts, history: after, parts: left })
          expect(again).toEqual({ slots: [], parts: [] })
        },
      ),
    )
  })
})

describe('collect', () => {
  const store = () => ({
    log: memorySlots(),
    parts: memoryParts(),
    address: null,
    sweep: () => Promise.resolve(),
    close: () => Promise.resolve(),
  })
  const plan = { slots: [{ term: termNumber(1), slot: 1 }], parts: ['1.0.1.a.0.0'] }

  it('C9: removes what it is told, manifests before parts', async () => {
    const opened = store()
    await opened.log.create(termNumber(1), 1, Uint8Array.of(1))
    await opened.parts.put('1.0.1.a.0.0', [Uint8Array.of(1)])
    const order: string[] = []
    const { remove } = opened.log
    opened.log.remove = async (...place) => {
      order.push((await opened.parts.list()).join())
      return remove(...place)
    }
    await collect(opened, plan, termNumber(1))
    expect(order).toEqual(['1.0.1.a.0.0'])
    expect(await opened.parts.list()).toEqual([])
    expect(await opened.log.slots(termNumber(1))).toEqual([])
  })

  it('E3: a superseded coordinator deletes nothing', async () => {
    const opened = store()
    await opened.parts.put('1.0.1.a.0.0', [Uint8Array.of(1)])
    await opened.log.create(termNumber(2), 0, Uint8Array.of(1))
    await expect(collect(opened, plan, termNumber(1))).rejects.toMatchObject({ code: 'SUPERSEDED' })
    expect(await opened.parts.list()).toEqual(['1.0.1.a.0.0'])
  })
})
