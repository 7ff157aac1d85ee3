import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { encodeValue } from '../../core/codec/index.ts'
import { checkpointId, stepName, termNumber } from '../../core/ids.ts'
import { limits } from '../../core/limits.ts'
import { sampleChannel, sampleManifest } from '../simulated/samples.ts'
import type { SlotRecord } from './record.ts'
import { decodeSlot, encodeSlot, slotHeaderBytes } from './slot-format.ts'

const place = { term: termNumber(3), slot: 7 }
const digest = 'ab'.repeat(32)
const manifest = sampleManifest({
  checkpoint: 42,
  savepoint: true,
  unaligned: true,
  tasks: [
    {
      steps: [
        {
          step: stepName('by-page'),
          version: 2,
          sections: [
            {
              scope: { kind: 'group', group: 5 },
              content: { kind: 'inline', bytes: Uint8Array.of(1, 2, 3) },
            },
            {
              scope: { kind: 'split', split: 'clicks-0' },
              content: { kind: 'part', part: '3.1.42.by-page.0.0', offset: 4, length: 5, crc: 6 },
            },
            { scope: { kind: 'list', index: 0 }, content: { kind: 'inline', bytes: new Uint8Array(0) } },
            {
              scope: sampleChannel({ output: 'dead-letters', nth: 1 }),
              content: { kind: 'inline', bytes: new Uint8Array(3) },
            },
          ],
        },
      ],
      parts: [{ name: '3.1.42.by-page.0.0', bytes: 9, digest }],
    },
  ],
})
const records: SlotRecord[] = [
  { kind: 'claimed', holder: 'w0-abc', atMs: 1_700_000_000_000 },
  { kind: 'checkpoint', manifest },
  { kind: 'sealed', byTerm: termNumber(9) },
  { kind: 'aborted' },
  { kind: 'finished', checkpoint: checkpointId(42) },
]

const codeOf = (run: () => unknown): unknown => {
  try {
    return run()
  } catch (error) {
    return (error as { code?: unknown }).code
  }
}

/** A whole slot around any payload, as an attacker or another version would write it. */
function forged(payload: Uint8Array, version = 1): Uint8Array {
  const bytes = new Uint8Array(slotHeaderBytes + payload.length)
  const view = new DataView(bytes.buffer)
  bytes.set(encodeSlot({ kind: 'aborted' }).subarray(0, 4))
  view.setUint16(8, version, true)
  view.setUint32(10, payload.length, true)
  bytes.set(payload, slotHeaderBytes)
  view.setUint32(4, crc32(bytes.subarray(8)), true)
  return bytes
}

describe('slot format', () => {
  it.each(records)('a $kind record is read as it was written', (record) => {
    expect(decodeSlot(encodeSlot(record), place)).toEqual(record)
  })

  it.each(records)('C7: a $kind record truncated at any length is damaged', (record) => {
    const bytes = encodeSlot(record)
    for (let length = 0; length < bytes.length; length += 1) {
      expect(codeOf(() => decodeSlot(bytes.subarray(0, length), place))).toBe('SLOT_DAMAGED')
    }
    expect(codeOf(() => decodeSlot(Uint8Array.of(...bytes, 0), place))).toBe('SLOT_DAMAGED')
  })

  it.each(records)('C7: a $kind record with any bit flipped is damaged', (record) => {
    const bytes = encodeSlot(record)
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = bytes.slice()
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(codeOf(() => decodeSlot(flipped, place))).toBe('SLOT_DAMAGED')
    }
  })

  it('a whole slot of another version is told from a damaged one', () => {
    expect(codeOf(() => decodeSlot(forged(Uint8Array.of(1, 2, 3), 2), place))).toBe('SLOT_VERSION')
    expect(() => decodeSlot(forged(Uint8Array.of(1), 2), place)).toThrow(/3\/7 has format 2.*reads 1/)
  })

  it('§9: a forged length is damaged', () => {
    const bytes = forged(encodeValue({ kind: 'aborted' }))
    new DataView(bytes.buffer).setUint32(10, 1, true)
    new DataView(bytes.buffer).setUint32(4, crc32(bytes.subarray(8)), true)
    expect(() => decodeSlot(bytes, place)).toThrow(/expected 15 bytes, found/)
  })

  it('§9: too large is refused before it is looked at, also when writing', () => {
    const huge = new Uint8Array(limits.slotBytesMax + 1)
    expect(codeOf(() => decodeSlot(huge, place))).toBe('SLOT_TOO_LARGE')
    const content = { kind: 'inline', bytes: huge } as const
    const steps = [
      {
        step: stepName('s'),
        version: 1,
        sections: [{ scope: { kind: 'list', index: 0 } as const, content }],
      },
    ]
    const large = sampleManifest({ checkpoint: 1, tasks: [{ steps, parts: [] }] })
    expect(codeOf(() => encodeSlot({ kind: 'checkpoint', manifest: large }))).toMatch(
      /SLOT_TOO_LARGE|VALUE_OVERSIZED/,
    )
  })

  it.each([
    ['no object', 7],
    ['no kind', {}],
    ['an unknown kind', { kind: 'constructor' }],
    ['a term below 1', { kind: 'sealed', byTerm: 0 }],
    ['a checkpoint that is no number', { kind: 'finished', checkpoint: '42' }],
    ['no manifest', { kind: 'checkpoint' }],
    ['an unknown manifest format', { kind: 'checkpoint', manifest: { ...manifest, format: 2 } }],
    ['an illegal job', { kind: 'checkpoint', manifest: { ...manifest, job: '../job' } }],
    [
      'a part outside its folder',
      { kind: 'checkpoint', manifest: { ...manifest, parts: [{ name: '../../x', bytes: 1, digest }] } },
    ],
    [
      'a negative size',
      { kind: 'checkpoint', manifest: { ...manifest, parts: [{ name: '1.0.1.a.0.0', bytes: -1, digest }] } },
    ],
    [
      'a digest that is none',
      {
        kind: 'checkpoint',
        manifest: { ...manifest, parts: [{ name: '1.0.1.a.0.0', bytes: 1, digest: 'x' }] },
      },
    ],
    ['steps that are no array', { kind: 'checkpoint', manifest: { ...manifest, steps: {} } }],
  ])('§9: a forged record with %s is damaged', (_, value) => {
    expect(codeOf(() => decodeSlot(forged(encodeValue(value)), place))).toBe('SLOT_DAMAGED')
  })

  it('§9: a payload that is no value is damaged', () => {
    expect(codeOf(() => decodeSlot(forged(Uint8Array.of(0xc1, 0xff)), place))).toBe('SLOT_DAMAGED')
  })
})
