import { describe, expect, it, vi } from 'vitest'
import { checkpointId } from '../../core/ids.ts'
import { limits } from '../../core/limits.ts'
import { flatten, specOf } from '../simulated/link-pair.ts'
import { memoryLinks } from './memory-links.ts'

function open(options: Parameters<typeof memoryLinks>[0] = {}) {
  const links = memoryLinks(options)
  const wakeWriter = vi.fn()
  const wakeReader = vi.fn()
  const fail = vi.fn()
  const output = links.openOutput(specOf(), { wake: wakeWriter, fail })
  const input = links.openInput(specOf(), { wake: wakeReader, fail })
  return { links, output, input, wakeWriter, wakeReader }
}

const full = () => Array.from({ length: limits.batchRecordsMax }, (_, i) => i)

describe('memory links', () => {
  it('L1: elements arrive in the order sent, by reference', () => {
    const { output, input } = open()
    const record = { a: 1 }
    output.sendBatch([record])
    output.sendSignal({ kind: 'barrier', checkpoint: checkpointId(3), final: false })
    output.sendSignal({ kind: 'end' })
    const seen = [input.take(), input.take(), input.take(), input.take()]
    expect(seen[0]).toMatchObject({ kind: 'batch' })
    expect(flatten([seen[0]!])[0]).toBe(record)
    expect(seen.slice(1)).toEqual([
      { kind: 'barrier', checkpoint: 3, final: false },
      { kind: 'end' },
      undefined,
    ])
    expect(output.drained).toBe(true)
    expect(output.stats.sent).toBe(3)
  })

  it('L3: room ends before the window does, and its return wakes the writer', () => {
    const { output, input, wakeWriter } = open()
    let batches = 0
    for (; output.hasRoom; batches += 1) output.sendBatch(full())
    expect(batches).toBe(4)
    expect(wakeWriter).not.toHaveBeenCalled()
    input.take()
    expect(wakeWriter).toHaveBeenCalledTimes(1)
    expect(output.hasRoom).toBe(true)
    expect(input.stats.queuedBytesMax).toBe(4 * limits.batchRecordsMax * limits.recordBytesNominal)
  })

  it('L3: untaken watermarks merge behind the head, so a blocked reader costs one', () => {
    const { output, input } = open()
    output.sendSignal({ kind: 'watermark', atMs: 1 })
    for (let atMs = 2; atMs < 100; atMs += 1) output.sendSignal({ kind: 'watermark', atMs })
    expect([input.take(), input.take(), input.take()]).toEqual([
      { kind: 'watermark', atMs: 1 },
      { kind: 'watermark', atMs: 99 },
      undefined,
    ])
  })

  it('M1: only the first element wakes the reader', () => {
    const { output, wakeReader } = open()
    output.sendBatch([1])
    output.sendBatch([2])
    expect(wakeReader).toHaveBeenCalledTimes(1)
  })

  it('either end opens first; elements wait for the reader', () => {
    const links = memoryLinks()
    const callbacks = { wake: vi.fn(), fail: vi.fn() }
    const output = links.openOutput(specOf(), callbacks)
    output.sendBatch([1, 2])
    expect(flatten([links.openInput(specOf(), callbacks).take()!])).toEqual([1, 2])
  })

  it('another epoch of a link is another link, and a closed input refuses more', () => {
    const { links, output, input } = open()
    const next = links.openOutput(specOf(0, 2), { wake: vi.fn(), fail: vi.fn() })
    next.sendBatch([1])
    expect(input.peek()).toBeUndefined()
    input.close()
    output.sendBatch([1])
    expect(output.hasRoom).toBe(false)
    expect(output.drained).toBe(true)
  })

  it('the same end opened twice is refused', () => {
    const { links } = open()
    expect(() => links.openInput(specOf(), { wake: vi.fn(), fail: vi.fn() })).toThrow(
      expect.objectContaining({ code: 'LINK_OPEN' }),
    )
  })

  it('a first record that cannot cross a wire is refused, with its index', () => {
    const { output } = open()
    expect(() => output.sendBatch([() => 1])).toThrow(
      expect.objectContaining({ retry: 'record', details: expect.objectContaining({ index: 0 }) }),
    )
  })

  it('debug: every record is checked and frozen', () => {
    const { output } = open({ debug: true })
    const record = { tags: ['a'] }
    output.sendBatch([record])
    expect(Object.isFrozen(record.tags)).toBe(true)
    expect(() => output.sendBatch([1, new (class Account {})()])).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ index: 1 }) }),
    )
  })
})
