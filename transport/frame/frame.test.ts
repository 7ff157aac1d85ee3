import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeBatch } from '../../core/codec/index.ts'
import { checkpointId, linkId, termNumber } from '../../core/ids.ts'
import { limits } from '../../core/limits.ts'
import { FrameError, frameHeaderBytes, readBatch, readFrame, writeBatchFrame, writeFrame } from './index.ts'
import type { Frame, FrameContent, FrameErrorCode, FrameHead } from './index.ts'

const uint32 = fc.integer({ min: 0, max: 0xffff_ffff })
const whole = fc.maxSafeNat()

const heads: fc.Arbitrary<FrameHead> = fc.record({
  epoch: fc.record({ term: fc.integer({ min: 1, max: 0xffff_ffff }).map(termNumber), attempt: uint32 }),
  link: uint32.map(linkId),
  first: whole,
})

const contents: fc.Arbitrary<FrameContent> = fc.oneof(
  fc.uint8Array({ minLength: 3, maxLength: 200 }).map((bytes): FrameContent => {
    const payload = new Uint8Array(bytes)
    return { kind: 'batch', count: 3, payload }
  }),
  fc.record({ kind: fc.constant('watermark' as const), atMs: fc.double({ noNaN: true }) }),
  fc.record({
    kind: fc.constant('barrier' as const),
    checkpoint: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }).map(checkpointId),
    final: fc.boolean(),
  }),
  fc.constant({ kind: 'end' as const }),
  fc.record({ kind: fc.constant('probe' as const), probeId: uint32, sent: whole }),
  fc.record({ kind: fc.constant('answer' as const), probeId: uint32, received: whole, granted: whole }),
  fc.record({
    kind: fc.constant('overtake' as const),
    checkpoint: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }).map(checkpointId),
    cutBytes: whole,
  }),
)

const frames: fc.Arbitrary<Frame> = fc
  .tuple(heads, contents)
  .map(([head, content]) => ({ ...head, ...content }))

const head: FrameHead = { epoch: { term: termNumber(3), attempt: 1 }, link: linkId(7), first: 2 ** 40 + 5 }
const samples: Frame[] = [
  { ...head, kind: 'batch', count: 2, payload: new Uint8Array(encodeBatch([{ a: 1 }, { a: -0 }])) },
  { ...head, kind: 'watermark', atMs: 1.7e12 },
  { ...head, kind: 'barrier', checkpoint: checkpointId(2 ** 33), final: true },
  { ...head, kind: 'end' },
  { ...head, kind: 'probe', probeId: 9, sent: 2 ** 41 },
  { ...head, kind: 'answer', probeId: 0, received: 12, granted: 2 ** 50 },
  { ...head, kind: 'overtake', checkpoint: checkpointId(2 ** 33), cutBytes: 2 ** 41 },
]

/** The code of the FrameError that reading throws; anything else that happens is another string. */
function refusal(bytes: Uint8Array): string {
  try {
    readFrame(bytes)
    return 'read'
  } catch (error) {
    return error instanceof FrameError ? error.code : `thrown ${String(error)}`
  }
}

const changed = (bytes: Uint8Array, at: number, value: number): Uint8Array => {
  const copy = new Uint8Array(bytes)
  copy[at] = value
  return copy
}

describe('a frame is read as it was written', () => {
  it('for any frame', () => {
    fc.assert(
      fc.property(frames, (frame) => {
        expect(readFrame(writeFrame(frame))).toEqual(frame)
      }),
      { numRuns: 2_000 },
    )
  })

  it('within a larger buffer', () => {
    for (const frame of samples) {
      const bytes = writeFrame(frame)
      const larger = new Uint8Array(bytes.length + 13).fill(255)
      larger.set(bytes, 5)
      expect(readFrame(larger.subarray(5, 5 + bytes.length))).toEqual(frame)
    }
  })

  it('a batch of records, encoded in place', () => {
    const records = Array.from({ length: 600 }, (_, i) => ({ id: i, name: `user-${i}`, zero: -0 }))
    const bytes = writeBatchFrame(head, records)
    const frame = readFrame(bytes)
    if (frame.kind !== 'batch') throw new Error(`expected a batch, found ${frame.kind}`)
    expect(frame).toMatchObject({ ...head, count: 600 })
    expect(readBatch(frame)).toEqual({ kind: 'batch', records })
    expect(Buffer.compare(bytes, writeFrame(frame))).toBe(0)
  })

  it('frames written one after another do not share bytes', () => {
    const first = writeBatchFrame(head, ['a'])
    const before = new Uint8Array(first)
    for (let i = 0; i < 2_000; i += 1) writeBatchFrame(head, [i, 'x'.repeat(i)])
    expect(Buffer.compare(first, before)).toBe(0)
  })
})

describe('bytes that are no frame are refused with a typed error, never another outcome', () => {
  it('any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(refusal(bytes)).toMatch(/^FRAME_/)
      }),
      { numRuns: 5_000 },
    )
  })

  it('any bytes behind a right beginning', () => {
    const prefix = writeFrame({ ...head, kind: 'end' }).subarray(0, 8)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (rest) => {
        expect(refusal(Uint8Array.from([...prefix, ...rest]))).toMatch(/^FRAME_/)
      }),
      { numRuns: 5_000 },
    )
  })

  it('a frame cut at every length', () => {
    for (const frame of samples) {
      const bytes = writeFrame(frame)
      for (let length = 0; length < bytes.length; length += 1) {
        expect(refusal(bytes.subarray(0, length))).toBe('FRAME_TRUNCATED')
      }
    }
  })

  it('every single flipped bit', () => {
    for (const frame of samples) {
      const bytes = writeFrame(frame)
      for (let bit = 0; bit < bytes.length * 8; bit += 1) {
        const at = bit >> 3
        const found = refusal(changed(bytes, at, (bytes[at] as number) ^ (1 << (bit & 7))))
        expect(found).toMatch(/^FRAME_(MAGIC|VERSION|KIND|LENGTH|TRUNCATED|OVERSIZED|CHECKSUM)$/)
      }
    }
  })

  const bytes = writeFrame({ ...head, kind: 'watermark', atMs: 1 })
  const cases: [FrameErrorCode, Uint8Array][] = [
    ['FRAME_TRUNCATED', new Uint8Array(0)],
    ['FRAME_MAGIC', changed(bytes, 0, 0)],
    ['FRAME_VERSION', changed(bytes, 4, 99)],
    ['FRAME_KIND', changed(bytes, 5, 0)],
    ['FRAME_KIND', changed(bytes, 5, 8)],
    ['FRAME_LENGTH', Uint8Array.from([...bytes, 0])],
    ['FRAME_CHECKSUM', changed(bytes, frameHeaderBytes, 1)],
    ['FRAME_OVERSIZED', changed(bytes, 35, 0xff)],
    ['FRAME_OVERSIZED', new Uint8Array(limits.frameBytesMax + 1)],
  ]
  for (const [code, found] of cases) {
    it(code, () => expect(refusal(found)).toBe(code))
  }
})

describe('a faulty writer', () => {
  const faulty: [string, Frame][] = [
    ['a number that is not safe', { ...head, first: 2 ** 53, kind: 'end' }],
    ['a negative number', { ...head, kind: 'probe', probeId: 1, sent: -1 }],
    ['an attempt beyond 32 bits', { ...head, epoch: { ...head.epoch, attempt: 2 ** 32 }, kind: 'end' }],
  ]
  for (const [name, frame] of faulty) {
    it(`is refused: ${name}`, () => {
      expect(() => writeFrame(frame)).toThrowError(expect.objectContaining({ code: 'FRAME_FIELD' }))
    })
  }

  it('is found by the reader: a watermark that is no time, a batch of nothing', () => {
    expect(refusal(writeFrame({ ...head, kind: 'watermark', atMs: NaN }))).toBe('FRAME_FIELD')
    expect(refusal(writeFrame({ ...head, kind: 'batch', count: 0, payload: new Uint8Array(4) }))).toBe(
      'FRAME_FIELD',
    )
  })

  it('is found when the records are read: another count than the head says', () => {
    const frame = readFrame(writeFrame({ ...head, kind: 'batch', count: 2, payload: encodeBatch([1, 2, 3]) }))
    if (frame.kind !== 'batch') throw new Error(`expected a batch, found ${frame.kind}`)
    expect(() => readBatch(frame)).toThrowError(expect.objectContaining({ code: 'FRAME_FIELD' }))
  })

  it('cannot make a frame above the largest', () => {
    const records = ['x'.repeat(limits.frameBytesMax - 10)]
    expect(() => writeBatchFrame(head, records)).toThrowError(
      expect.objectContaining({ code: 'FRAME_OVERSIZED', details: { bytes: expect.any(Number) } }),
    )
  })
})
