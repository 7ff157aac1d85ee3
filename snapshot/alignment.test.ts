import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkpointId } from '../core/ids.ts'
import { Alignment } from './alignment.ts'

const barrier = (checkpoint: number, final = false) => ({ checkpoint: checkpointId(checkpoint), final })
const id = checkpointId

describe('Alignment', () => {
  it('C2: an input waits after its barrier until the barrier came on every other', () => {
    const alignment = new Alignment(3)
    expect(alignment.barrier(1, barrier(7))).toEqual({ kind: 'wait' })
    expect(alignment.isHeld(1)).toBe(true)
    expect(alignment.isHeld(0)).toBe(false)
    expect(alignment.aligning).toBe(7)
    expect(alignment.missing()).toEqual([0, 2])
    expect(alignment.barrier(0, barrier(7))).toEqual({ kind: 'wait' })
    expect(alignment.barrier(2, barrier(7))).toEqual({
      kind: 'aligned',
      checkpoint: 7,
      final: false,
      release: [0, 1],
    })
    expect([0, 1, 2].map((input) => alignment.isHeld(input))).toEqual([false, false, false])
    expect(alignment.aligning).toBeNull()
  })

  it('C2: a sole input never waits', () => {
    const alignment = new Alignment(1)
    expect(alignment.barrier(0, barrier(1))).toEqual({
      kind: 'aligned',
      checkpoint: 1,
      final: false,
      release: [],
    })
    expect(alignment.barrier(0, barrier(2, true))).toEqual({
      kind: 'aligned',
      checkpoint: 2,
      final: true,
      release: [],
    })
  })

  it('C2: a newer barrier ends an older alignment without a snapshot and releases its inputs', () => {
    const alignment = new Alignment(3)
    alignment.barrier(0, barrier(1))
    alignment.barrier(1, barrier(1))
    expect(alignment.barrier(2, barrier(2))).toEqual({ kind: 'superseded', dropped: 1, release: [0, 1] })
    expect([0, 1, 2].map((input) => alignment.isHeld(input))).toEqual([false, false, true])
    alignment.barrier(0, barrier(2))
    expect(alignment.barrier(1, barrier(2))).toMatchObject({ kind: 'aligned', checkpoint: 2 })
  })

  it('C2: a barrier not newer than the last taken or dropped is skipped', () => {
    const alignment = new Alignment(2)
    alignment.barrier(0, barrier(5))
    alignment.barrier(1, barrier(5))
    expect(alignment.barrier(0, barrier(5))).toEqual({ kind: 'skip' })
    expect(alignment.barrier(1, barrier(4))).toEqual({ kind: 'skip' })
    alignment.abort(id(6))
    expect(alignment.barrier(0, barrier(6))).toEqual({ kind: 'skip' })
    expect(alignment.isHeld(0)).toBe(false)
  })

  it('C2: a barrier older than the running alignment is skipped', () => {
    const alignment = new Alignment(2)
    alignment.barrier(0, barrier(5))
    expect(alignment.barrier(1, barrier(4))).toEqual({ kind: 'skip' })
    expect(alignment.isHeld(1)).toBe(false)
    expect(alignment.barrier(1, barrier(5))).toMatchObject({ kind: 'aligned' })
  })

  it('C2: an abort releases the held inputs, once', () => {
    const alignment = new Alignment(3)
    alignment.barrier(0, barrier(3))
    alignment.barrier(2, barrier(3))
    expect(alignment.abort(id(2))).toEqual([])
    expect(alignment.isHeld(0)).toBe(true)
    expect(alignment.abort(id(3))).toEqual([0, 2])
    expect(alignment.abort(id(3))).toEqual([])
    expect(alignment.barrier(1, barrier(3))).toEqual({ kind: 'skip' })
    expect(alignment.barrier(1, barrier(4))).toEqual({ kind: 'wait' })
  })

  it('C2: a held input that delivers, and an input that is none, are contradictions', () => {
    const alignment = new Alignment(2)
    alignment.barrier(0, barrier(1))
    expect(() => alignment.barrier(0, barrier(2))).toThrow(/C2/)
    expect(() => alignment.barrier(2, barrier(1))).toThrow(/C2/)
    expect(() => new Alignment(0)).toThrow(/C2/)
  })

  it('C10: a checkpoint is final on every input or on none', () => {
    const alignment = new Alignment(2)
    alignment.barrier(0, barrier(1, true))
    expect(() => alignment.barrier(1, barrier(1, false))).toThrow(/C10/)
  })

  it('C4: a barrier that overtakes ends its alignment at once; inputs on which it was not taken are recorded', () => {
    const alignment = new Alignment(3)
    alignment.barrier(1, barrier(7))
    expect(alignment.overtake(id(7))).toEqual({ kind: 'overtaken', checkpoint: 7, recorded: [0, 2] })
    expect([alignment.isHeld(1), alignment.aligning]).toEqual([false, null])
    expect(alignment.overtake(id(7))).toEqual({ kind: 'skip' })
    for (const input of [0, 2]) expect(alignment.barrier(input, barrier(7))).toEqual({ kind: 'skip' })
    expect(alignment.barrier(0, barrier(8))).toEqual({ kind: 'wait' })
  })

  it('C4: known on its way alone, every input is recorded; it ends an older alignment without a snapshot', () => {
    const alignment = new Alignment(2)
    alignment.barrier(0, barrier(3))
    expect(alignment.overtake(id(4))).toEqual({ kind: 'overtaken', checkpoint: 4, recorded: [0, 1] })
    expect(alignment.isHeld(0)).toBe(false)
    expect(alignment.barrier(1, barrier(3))).toEqual({ kind: 'skip' })
  })

  it('C4: an older one than the alignment that runs, or one that is over, does not overtake', () => {
    const alignment = new Alignment(2)
    alignment.barrier(0, barrier(5))
    expect(alignment.overtake(id(4))).toEqual({ kind: 'skip' })
    expect(alignment.isHeld(0)).toBe(true)
    alignment.abort(id(5))
    expect(alignment.overtake(id(5))).toEqual({ kind: 'skip' })
  })

  it('C10: a final checkpoint is aligned', () => {
    const alignment = new Alignment(2)
    alignment.barrier(0, barrier(5, true))
    expect(() => alignment.overtake(id(5))).toThrow(/C10/)
  })

  it('C2: over any interleaving and any aborts, aligned means that every input delivered it, and nobody starves', () => {
    const inputsMax = 4
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: inputsMax }),
        fc.array(
          fc.oneof(
            fc.integer({ min: 0, max: inputsMax - 1 }),
            fc.record({ abort: fc.integer({ min: 1, max: 8 }) }),
          ),
          {
            maxLength: 60,
          },
        ),
        fc.array(fc.uniqueArray(fc.integer({ min: 1, max: 8 }), { maxLength: 8 }), {
          minLength: inputsMax,
          maxLength: inputsMax,
        }),
        (inputs, events, streams) => {
          const alignment = new Alignment(inputs)
          const queues = streams.map((stream) => [...stream].sort((a, b) => a - b))
          const seen = streams.map(() => new Set<number>())
          const aligned: number[] = []
          const aborted = new Set<number>()
          const deliver = (input: number): void => {
            const checkpoint = queues[input]?.shift()
            if (checkpoint === undefined) return
            seen[input]?.add(checkpoint)
            const outcome = alignment.barrier(input, barrier(checkpoint))
            if (outcome.kind !== 'aligned') return
            expect(outcome.checkpoint).toBe(checkpoint)
            for (let i = 0; i < inputs; i += 1) expect(seen[i]?.has(checkpoint)).toBe(true)
            expect(aborted.has(checkpoint)).toBe(false)
            aligned.push(checkpoint)
          }
          for (const event of events) {
            if (typeof event === 'object') {
              alignment.abort(id(event.abort))
              aborted.add(event.abort)
            } else if (event < inputs && !alignment.isHeld(event)) deliver(event)
          }
          expect(aligned).toEqual([...new Set(aligned)].sort((a, b) => a - b))
          // The newest checkpoint, when every input brings it, releases everything.
          for (let i = 0; i < inputs; i += 1) queues[i]?.push(9)
          for (let turn = 0; turn < 100; turn += 1) {
            for (let i = 0; i < inputs; i += 1) if (!alignment.isHeld(i)) deliver(i)
          }
          expect(aligned.at(-1)).toBe(9)
          expect(alignment.aligning).toBeNull()
        },
      ),
    )
  })
})
