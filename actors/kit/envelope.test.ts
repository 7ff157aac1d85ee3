import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeEnvelope, encodeEnvelope } from './envelope.ts'

describe('envelopes of control messages', () => {
  const message = { kind: 'message', from: 'w0', number: 7, next: 3, body: { kind: 'cancel' } } as const

  it('arrive as they were sent', () => {
    expect(decodeEnvelope(encodeEnvelope(message))).toEqual(message)
  })

  it('are not believed when any byte differs, or when cut short', () => {
    const bytes = encodeEnvelope(message)
    for (let at = 0; at < bytes.length; at += 1) {
      const damaged = Uint8Array.from(bytes)
      damaged[at] = (damaged[at] ?? 0) ^ 1
      expect(decodeEnvelope(damaged)).toBeUndefined()
      expect(decodeEnvelope(bytes.subarray(0, at))).toBeUndefined()
    }
  })

  it('are not believed when they are anything else', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => decodeEnvelope(bytes) === undefined))
  })
})
