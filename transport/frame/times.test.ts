import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeBatch } from '../../core/codec/index.ts'
import { linkId, termNumber } from '../../core/ids.ts'
import { readBatch, readFrame, writeBatchFrame, writeFrame } from './index.ts'
import { appendTimes, readTimes } from './times.ts'

const head = { epoch: { term: termNumber(1), attempt: 0 }, link: linkId(0), first: 0 }
const batch = new Uint8Array([7, 8, 9])

describe('event times in a frame', () => {
  it('come back as they were, also what is no whole number', () => {
    const time = fc.oneof(
      fc.maxSafeInteger(),
      fc.integer(),
      fc.double(),
      fc.constantFrom(NaN, Infinity, -Infinity, 2 ** 51, -(2 ** 51), 2 ** 51 + 1, 8.64e15),
    )
    fc.assert(
      fc.property(fc.oneof(fc.array(time), fc.array(fc.maxSafeInteger())), (times) => {
        const bytes = appendTimes(batch, times)
        const found = readTimes(bytes, times.length)
        expect([...found.before]).toEqual([7, 8, 9])
        // −0 is 0 where times are whole numbers.
        expect(found.times.map((each) => each + 0)).toEqual(times.map((each) => each + 0))
      }),
      { numRuns: 1_000 },
    )
  })

  it('cost little where neighbours are close', () => {
    const times = Array.from({ length: 1_000 }, (_, i) => 1_700_000_000_000 + i * 3 - ((i * 37) % 50))
    expect(appendTimes(batch, times).length).toBeLessThan(1_200)
  })

  it('are of the frame that carries them, and of no other', () => {
    const records = Array.from({ length: 50 }, (_, i) => ({ id: i }))
    const times = records.map((_, i) => i * 1_000 - 7)
    const timed = readFrame(writeBatchFrame(head, records, times))
    const plain = readFrame(writeBatchFrame(head, records))
    if (timed.kind !== 'batch' || plain.kind !== 'batch') throw new Error('batches')
    expect(readBatch(timed)).toEqual({ kind: 'batch', records, times })
    expect(readBatch(plain)).toEqual({ kind: 'batch', records })
  })

  it('are refused when they are not as many as the records', () => {
    const bytes = appendTimes(writeBatchFrame(head, ['a', 'b']).subarray(40), [1, 2, 3])
    const frame = { ...head, kind: 'batch', count: 2, payload: bytes, timed: true } as const
    expect(() => readBatch(frame)).toThrowError(expect.objectContaining({ code: 'FRAME_FIELD' }))
    expect(() => readBatch({ ...frame, payload: bytes.subarray(0, 2) })).toThrowError(
      expect.objectContaining({ code: 'FRAME_FIELD' }),
    )
  })

  it.each([
    ['no column', []],
    ['a column longer than what is there', [0x80, 0xff, 0xff, 0xff, 0x00]],
    ['plain times that are not there', [1, 0xff, 0xff, 0xff, 0xff]],
    ['a time that ends early', [0x80, 1, 0, 0, 0]],
    ['a time beyond what the column can say', [...Array.from({ length: 9 }, () => 0xff), 1, 10, 0, 0, 0]],
  ])('are refused with a typed error: %s', (_, column) => {
    const records = encodeBatch([1])
    const payload = Uint8Array.from([...records, ...column])
    expect(() => readTimes(Uint8Array.from(column), 1)).toThrow(RangeError)
    const frame = readFrame(writeFrame({ ...head, kind: 'batch', count: 1, payload, timed: true }))
    expect(frame.kind === 'batch' && (() => readBatch(frame))).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^(FRAME_FIELD|BYTES_MALFORMED)$/) }),
    )
  })
})
