import { describe, expect, it } from 'vitest'
import { checkpointId, stepName, termNumber } from '../core/ids.ts'
import { LogError, PartError } from './errors.ts'
import { emptyHistory, type History } from './log/index.ts'
import { checkSinks, chooseRecovery, type SinkAnswer } from './recovery.ts'
import { sampleManifest } from './simulated/samples.ts'

type Entry = number | 'damaged' | { finished: number } | { final: number }

/** Term by term; slot 0 is the claim. */
function historyOf(...terms: Entry[][]): History {
  const places = terms.flatMap((entries, i) =>
    entries.map((entry, k) => ({ entry, term: termNumber(i + 1), slot: k + 1 })),
  )
  return {
    ...emptyHistory,
    checkpoints: places.flatMap(({ entry, term, slot }) => {
      if (typeof entry === 'number') return [{ term, slot, manifest: sampleManifest({ checkpoint: entry }) }]
      if (typeof entry === 'object' && 'final' in entry) {
        return [{ term, slot, manifest: sampleManifest({ checkpoint: entry.final, final: true }) }]
      }
      return []
    }),
    finishes: places.flatMap(({ entry, term, slot }) =>
      typeof entry === 'object' && 'finished' in entry
        ? [{ term, slot, checkpoint: checkpointId(entry.finished) }]
        : [],
    ),
    damages: places
      .filter(({ entry }) => entry === 'damaged')
      .map(({ term, slot }) => ({ term, slot, error: new LogError('SLOT_DAMAGED', 'checksum differs') })),
  }
}

const id = checkpointId
const damagedPart = new PartError('PART_DAMAGED', 'digest differs')
const unusable = (...ids: number[]) => new Map(ids.map((n) => [id(n), damagedPart]))

function refusal(run: () => unknown): { code: string; message: string } {
  try {
    run()
  } catch (error) {
    return error as { code: string; message: string }
  }
  throw new Error('expected a refusal')
}

describe('chooseRecovery', () => {
  it('C7: an empty log is a fresh start', () => {
    expect(chooseRecovery({ history: emptyHistory })).toEqual({ kind: 'fresh', older: false })
  })

  it('C7: the newest complete checkpoint is restored', () => {
    expect(chooseRecovery({ history: historyOf([1, 2], [5, 6]) })).toMatchObject({
      kind: 'restore',
      manifest: { checkpoint: 6 },
      older: false,
    })
  })

  it('C10: from `final` it is restored, to commit and finish', () => {
    expect(chooseRecovery({ history: historyOf([1, { final: 2 }]) })).toMatchObject({
      kind: 'restore',
      manifest: { checkpoint: 2, final: true },
    })
  })

  it('C10: from `finished` it finishes at once', () => {
    const history = historyOf([1, { final: 2 }, { finished: 2 }])
    expect(chooseRecovery({ history })).toEqual({ kind: 'finished', checkpoint: 2 })
  })

  it('C10: a job that went on from an older checkpoint after it had finished is not finished', () => {
    const history = historyOf([1, { final: 2 }, { finished: 2 }], [3])
    expect(chooseRecovery({ history })).toMatchObject({ kind: 'restore', manifest: { checkpoint: 3 } })
  })

  it('C7: a damaged newest slot is refused, naming it and the consent', () => {
    const { code, message } = refusal(() => chooseRecovery({ history: historyOf([41, 'damaged']) }))
    expect(code).toBe('CHECKPOINT_DAMAGED')
    expect(message).toMatch(/log slot 1\/2.*checksum differs.*allowOlder: 41/)
  })

  it('C7: a damaged newest part is refused, naming both ids', () => {
    const facts = { history: historyOf([41, 42]), unusable: unusable(42) }
    const { code, message } = refusal(() => chooseRecovery(facts))
    expect(code).toBe('CHECKPOINT_DAMAGED')
    expect(message).toMatch(/checkpoint 42 \(digest differs\).*allowOlder: 41/)
  })

  it('C7: with consent the older one is chosen, and the sinks are to be asked', () => {
    const older = { kind: 'restore', manifest: { checkpoint: 41 }, older: true }
    const request = { allowOlder: id(41) }
    expect(chooseRecovery({ history: historyOf([41, 'damaged']) }, request)).toMatchObject(older)
    expect(chooseRecovery({ history: historyOf([41, 42]), unusable: unusable(42) }, request)).toMatchObject(
      older,
    )
  })

  it('C7: consent reaches as far back as it says', () => {
    const facts = { history: historyOf([40, 41, 42]), unusable: unusable(42, 41) }
    expect(refusal(() => chooseRecovery(facts, { allowOlder: id(41) })).message).toMatch(/allowOlder: 40/)
    expect(chooseRecovery(facts, { allowOlder: id(40) })).toMatchObject({ manifest: { checkpoint: 40 } })
  })

  it('C7: consent to an older one is not used while the newest is whole', () => {
    expect(chooseRecovery({ history: historyOf([41, 60]) }, { allowOlder: id(41) })).toMatchObject({
      manifest: { checkpoint: 60 },
      older: false,
    })
  })

  it('C7: damage before the newest checkpoint hides nothing', () => {
    expect(chooseRecovery({ history: historyOf([41, 'damaged'], [43]) })).toMatchObject({
      manifest: { checkpoint: 43 },
      older: false,
    })
  })

  it('C7: damage alone is no fresh start', () => {
    const history = historyOf(['damaged'])
    expect(refusal(() => chooseRecovery({ history })).message).toMatch(/start from nothing/)
    expect(refusal(() => chooseRecovery({ history }, { allowOlder: id(1) })).code).toBe('CHECKPOINT_DAMAGED')
    expect(chooseRecovery({ history }, { checkpoint: 'none' })).toEqual({ kind: 'fresh', older: true })
  })

  it('C7: damage behind a finish is refused too', () => {
    const history = historyOf([{ final: 2 }, { finished: 2 }], ['damaged'])
    expect(refusal(() => chooseRecovery({ history })).code).toBe('CHECKPOINT_DAMAGED')
  })

  it('C7: a checkpoint that a person asks for is restored', () => {
    const history = historyOf([40, 41, 42])
    expect(chooseRecovery({ history }, { checkpoint: id(40) })).toMatchObject({
      manifest: { checkpoint: 40 },
      older: true,
    })
    expect(chooseRecovery({ history }, { checkpoint: id(42) })).toMatchObject({ older: false })
    expect(chooseRecovery({ history }, { checkpoint: 'none' })).toEqual({ kind: 'fresh', older: true })
  })

  it('C7: an unknown or damaged one that a person asks for is refused', () => {
    const history = historyOf([40, 41])
    const { code, message } = refusal(() => chooseRecovery({ history }, { checkpoint: id(39) }))
    expect(code).toBe('CHECKPOINT_UNKNOWN')
    expect(message).toMatch(/39.*found 40, 41/)
    const facts = { history, unusable: unusable(40) }
    expect(refusal(() => chooseRecovery(facts, { checkpoint: id(40) })).code).toBe('CHECKPOINT_DAMAGED')
  })

  it('C7: once a checkpoint of this term is complete, the request was fulfilled', () => {
    const history = historyOf([40, 41], [43])
    expect(chooseRecovery({ history, term: termNumber(2) }, { checkpoint: id(40) })).toMatchObject({
      manifest: { checkpoint: 43 },
      older: false,
    })
    expect(chooseRecovery({ history, term: termNumber(3) }, { checkpoint: id(40) })).toMatchObject({
      manifest: { checkpoint: 40 },
    })
  })
})

describe('checkSinks', () => {
  const sink = (
    lastCommitted: number | null,
    guarantee: SinkAnswer['guarantee'] = 'exactly-once',
  ): SinkAnswer => ({
    step: stepName('out'),
    guarantee,
    lastCommitted: lastCommitted === null ? null : id(lastCommitted),
  })

  it('C7: an exactly-once sink ahead of the restored checkpoint is refused, with both ids named', () => {
    const { code, message } = refusal(() => checkSinks(id(41), [sink(41), sink(43)]))
    expect(code).toBe('SINK_AHEAD')
    expect(message).toMatch(/'out'.*43.*41/)
  })

  it('C7: so is a start from nothing where a sink shows output', () => {
    expect(refusal(() => checkSinks(null, [sink(1)])).message).toMatch(/checkpoint 1; a start from nothing/)
    expect(() => checkSinks(null, [sink(null)])).not.toThrow()
  })

  it('C7: sinks at or before it, and at-least-once sinks, do not hold it up', () => {
    expect(() =>
      checkSinks(id(41), [sink(41), sink(40), sink(null), sink(99, 'at-least-once')]),
    ).not.toThrow()
  })

  it('C7: a person may consent to duplicates', () => {
    expect(() => checkSinks(id(41), [sink(43)], { allowDuplicates: true })).not.toThrow()
  })
})
