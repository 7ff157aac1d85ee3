import { describe, expect, it, vi } from 'vitest'
import type { Element } from '../../core/elements.ts'
import { checkpointId } from '../../core/ids.ts'
import { writeFrame } from '../frame/index.ts'
import type { LinkInput, LinkOutput } from '../link.ts'
import { flatten, linkPair, specOf, type LinkPair, type LinkPairOptions } from '../simulated/link-pair.ts'

function open(options: LinkPairOptions = {}, id = 0) {
  const pair = linkPair(options)
  const sender = { wake: vi.fn(), fail: vi.fn() }
  const receiver = { wake: vi.fn(), fail: vi.fn() }
  const output = pair.sending.openOutput(specOf(id), sender)
  const input = pair.receiving.openInput(specOf(id), receiver)
  return { ...pair, output, input, sender, receiver }
}

const takeAll = (input: LinkInput): Element[] => {
  const taken: Element[] = []
  for (let element = input.take(); element; element = input.take()) taken.push(element)
  return taken
}

const settle = (pair: LinkPair, output: LinkOutput) => pair.run({ ms: 10_000, done: () => output.drained })

/** About `bytes` encoded. */
const heavy = (bytes: number, seq = 0) => ({ seq, text: 'x'.repeat(bytes) })

describe('framed links', () => {
  it('L1: records, watermarks, barriers and ends arrive in the order sent', () => {
    const pair = open()
    pair.output.sendBatch([1, { two: 2 }])
    pair.output.sendSignal({ kind: 'watermark', atMs: -Infinity })
    pair.output.sendSignal({ kind: 'barrier', checkpoint: checkpointId(7), final: true })
    pair.output.sendBatch(['three'])
    pair.output.sendSignal({ kind: 'end' })
    expect(settle(pair, pair.output)).toBe(true)
    expect(flatten(takeAll(pair.input))).toEqual([
      1,
      { two: 2 },
      { kind: 'watermark', atMs: -Infinity },
      { kind: 'barrier', checkpoint: 7, final: true },
      'three',
      { kind: 'end' },
    ])
    expect(pair.output.stats).toMatchObject({ sent: 6, acknowledged: 6, queuedBytes: 0, resentFrames: 0 })
    expect(pair.receiver.wake).toHaveBeenCalled()
  })

  it('L2: nothing is sent before the first answer, and a receiver that opens late is found at once', () => {
    const pair = linkPair({ faults: { delayMsMin: 1, delayMsMax: 1 } })
    const output = pair.sending.openOutput(specOf(), { wake: vi.fn(), fail: vi.fn() })
    output.sendBatch([1])
    pair.run({ ms: 5_000 })
    expect(pair.receiving.droppedStale).toBeGreaterThan(10)
    expect(output.stats).toMatchObject({ acknowledged: 0, resentFrames: 0 })
    const input = pair.receiving.openInput(specOf(), { wake: vi.fn(), fail: vi.fn() })
    const openedMs = pair.time.monotonicMs()
    expect(pair.run({ ms: 1_000, done: () => input.peek() !== undefined })).toBe(true)
    expect(pair.time.monotonicMs() - openedMs).toBeLessThanOrEqual(4)
  })

  it('L2: duplicates are counted and dropped', () => {
    const pair = open({ faults: { duplicateRate: 0.9 } })
    for (let i = 0; i < 50; i += 1) pair.output.sendBatch([i])
    expect(settle(pair, pair.output)).toBe(true)
    expect(flatten(takeAll(pair.input))).toEqual(Array.from({ length: 50 }, (_, i) => i))
    expect(pair.input.stats.droppedDuplicate).toBeGreaterThan(10)
  })

  it('L3: nothing is in flight beyond the grant, and taking grants more', () => {
    const credit = { reserveBytes: 20_000, windowBytesMax: 20_000 }
    const pair = open({ credit })
    pair.run({ ms: 10 })
    let sent = 0
    for (; pair.output.hasRoom; sent += 1) pair.output.sendBatch([heavy(3_000)])
    pair.run({ ms: 1_000 })
    expect(sent).toBe(7)
    expect(pair.input.stats.received).toBe(6)
    expect(pair.input.stats.queuedBytesMax).toBeLessThanOrEqual(credit.reserveBytes)
    expect(pair.sender.wake).toHaveBeenCalledTimes(0)
    pair.input.take()
    pair.input.take()
    pair.run({ ms: 10 })
    expect(pair.sender.wake).toHaveBeenCalledTimes(1)
    expect(pair.output.hasRoom).toBe(true)
    expect(pair.input.stats.received).toBe(7)
  })

  it('L3: barriers and ends need no grant but stay behind waiting batches; unsent watermarks merge', () => {
    const pair = open({ credit: { reserveBytes: 10_000, windowBytesMax: 10_000 } })
    pair.run({ ms: 10 })
    pair.output.sendBatch([heavy(9_000)])
    pair.output.sendSignal({ kind: 'barrier', checkpoint: checkpointId(1), final: false })
    pair.run({ ms: 10 })
    expect(pair.input.stats.received).toBe(2)
    pair.output.sendBatch([heavy(9_000)])
    for (let atMs = 0; atMs < 100; atMs += 1) pair.output.sendSignal({ kind: 'watermark', atMs })
    pair.output.sendSignal({ kind: 'end' })
    pair.run({ ms: 1_000 })
    expect(pair.input.stats.received).toBe(2)
    const elements = takeAll(pair.input)
    pair.run({ ms: 1_000 })
    elements.push(...takeAll(pair.input))
    expect(elements.map((element) => element.kind)).toEqual(['batch', 'barrier', 'batch', 'watermark', 'end'])
    expect(elements[3]).toEqual({ kind: 'watermark', atMs: 99 })
  })

  it('L3: links beyond the budget are refused', () => {
    const pair = linkPair({ credit: { reserveBytes: 10, windowBytesMax: 10, budgetBytes: 25 } })
    const callbacks = { wake: vi.fn(), fail: vi.fn() }
    pair.receiving.openInput(specOf(0), callbacks)
    const second = pair.receiving.openInput(specOf(1), callbacks)
    expect(() => pair.receiving.openInput(specOf(2), callbacks)).toThrow(
      expect.objectContaining({ code: 'LINK_BUDGET' }),
    )
    second.close()
    pair.receiving.openInput(specOf(2), callbacks)
  })

  it('L4: a lost frame is resent after a probe proves it lost', () => {
    const pair = open({ faults: { delayMsMin: 1, delayMsMax: 1 } })
    pair.run({ ms: 10 })
    pair.network.setFaults({ lossRate: 1 })
    pair.output.sendBatch([1])
    pair.network.setFaults({ delayMsMin: 1, delayMsMax: 1 })
    pair.output.sendBatch([2])
    pair.output.sendBatch([3])
    const lostMs = pair.time.monotonicMs()
    expect(pair.run({ ms: 1_000, done: () => pair.input.stats.received === 3 })).toBe(true)
    // The gap asks for a probe at once: no timer is needed.
    expect(pair.time.monotonicMs() - lostMs).toBeLessThanOrEqual(5)
    expect(flatten(takeAll(pair.input))).toEqual([1, 2, 3])
    expect(pair.output.stats.resentFrames).toBe(3)
  })

  it('L4: a loss on a slow network is resent once, however many probes were on their way', () => {
    const pair = open({ faults: { delayMsMin: 1_000, delayMsMax: 1_000 } })
    pair.run({ ms: 10_000 })
    pair.network.setFaults({ lossRate: 1 })
    pair.output.sendBatch([0])
    pair.network.setFaults({ delayMsMin: 1_000, delayMsMax: 1_000 })
    for (let i = 1; i < 20; i += 1) {
      pair.output.sendBatch([i])
      pair.run({ ms: 100 })
    }
    expect(settle(pair, pair.output)).toBe(true)
    expect(pair.output.stats.resentFrames).toBeLessThanOrEqual(20)
  })

  it('L4: a lost last frame is found by the timer', () => {
    const pair = open()
    pair.run({ ms: 10 })
    pair.network.setFaults({ lossRate: 1 })
    pair.output.sendBatch([1])
    pair.network.setFaults({})
    expect(settle(pair, pair.output)).toBe(true)
    expect(pair.output.stats.resentFrames).toBe(1)
  })

  it('L4: a slow network is no loss: nothing is resent', () => {
    const pair = open({ faults: { delayMsMin: 2_000, delayMsMax: 5_000 } })
    for (let i = 0; i < 20; i += 1) {
      pair.output.sendBatch([i])
      pair.run({ ms: 700 })
      takeAll(pair.input)
    }
    pair.run({ ms: 60_000, done: () => pair.output.drained })
    expect(pair.output.drained).toBe(true)
    expect(pair.output.stats.resentFrames).toBe(0)
  })

  it('L4: an idle link sends nothing and holds no timer', () => {
    const pair = open()
    pair.output.sendBatch([1])
    pair.run({ ms: 5_000 })
    takeAll(pair.input)
    pair.run({ ms: 5_000 })
    const before = pair.network.published
    expect(pair.run({ ms: 1e9, done: () => false })).toBe(false)
    expect(pair.network.published).toBe(before)
    expect(pair.time.runNext()).toBe(false)
  })

  it('L4: a reconnect heals without a restart', () => {
    const pair = open()
    pair.run({ ms: 10 })
    pair.network.disconnect('w0')
    pair.output.sendBatch([1])
    pair.run({ ms: 60_000 })
    pair.network.reconnect('w0')
    expect(settle(pair, pair.output)).toBe(true)
    pair.network.disconnect('w1')
    pair.output.sendBatch([2])
    pair.run({ ms: 5_000 })
    pair.network.reconnect('w1')
    expect(settle(pair, pair.output)).toBe(true)
    expect(flatten(takeAll(pair.input))).toEqual([1, 2])
    expect(pair.sender.fail).not.toHaveBeenCalled()
  })

  it('L4: silence past linkTimeoutMs fails the link, once', () => {
    const pair = open({ linkTimeoutMs: 3_000 })
    pair.run({ ms: 10 })
    pair.network.setFaults({ lossRate: 1 })
    pair.output.sendBatch([1])
    pair.run({ ms: 2_900 })
    expect(pair.sender.fail).not.toHaveBeenCalled()
    pair.run({ ms: 60_000 })
    expect(pair.sender.fail).toHaveBeenCalledTimes(1)
    expect(pair.sender.fail).toHaveBeenCalledWith(expect.objectContaining({ code: 'LINK_TIMEOUT' }))
  })

  it('L4: the clock stands still while disconnected, and while the peer says busy', () => {
    const pair = open({ linkTimeoutMs: 3_000 })
    pair.run({ ms: 10 })
    pair.output.sendBatch([1])
    pair.network.disconnect('w0')
    pair.run({ ms: 60_000 })
    pair.network.setFaults({ lossRate: 1 })
    pair.network.reconnect('w0')
    pair.sending.setPeerBusy('w1', true)
    pair.run({ ms: 60_000 })
    expect(pair.sender.fail).not.toHaveBeenCalled()
    pair.sending.setPeerBusy('w1', false)
    pair.run({ ms: 4_000 })
    expect(pair.sender.fail).toHaveBeenCalledTimes(1)
  })

  it('L5: frames of another epoch are counted and dropped', () => {
    const pair = linkPair()
    const callbacks = { wake: vi.fn(), fail: vi.fn() }
    const old = pair.sending.openOutput(specOf(0, 1), callbacks)
    const input = pair.receiving.openInput(specOf(0, 2), callbacks)
    old.sendBatch([1])
    pair.run({ ms: 1_000 })
    expect(input.peek()).toBeUndefined()
    expect(input.stats.droppedStale).toBeGreaterThan(0)
    expect(pair.receiving.droppedStale).toBe(input.stats.droppedStale)
    old.close()
    const next = pair.sending.openOutput(specOf(0, 2), callbacks)
    next.sendBatch([2])
    expect(settle(pair, next)).toBe(true)
    expect(flatten(takeAll(input))).toEqual([2])
  })

  it('F2: bytes that are no frame, and frames of another version, are counted and change nothing', () => {
    const log = vi.fn()
    const pair = open({ log })
    const stranger = pair.network.channel('stranger')
    const { id: link, epoch } = specOf()
    const probe = writeFrame({ kind: 'probe', epoch, link, first: 0, probeId: 1, sent: 0 })
    const newer = probe.slice()
    newer[4] = 99
    for (const bytes of [
      new Uint8Array(0),
      new TextEncoder().encode('garbage'),
      probe.slice(0, 41),
      newer,
      newer,
    ]) {
      stranger.publishFrame('w1', bytes)
    }
    pair.output.sendBatch([1])
    expect(settle(pair, pair.output)).toBe(true)
    expect(pair.receiving.stats).toMatchObject({ droppedMalformed: 3, droppedVersion: 2 })
    expect(log).toHaveBeenCalledTimes(1)
  })

  it('a frame that its checksum confirms and the codec refuses fails the link, not the process', () => {
    const pair = open()
    pair.run({ ms: 10 })
    const { id: link, epoch } = specOf()
    const payload = Uint8Array.of(0xc1, 0xc1, 0xc1)
    const forged = writeFrame({ kind: 'batch', epoch, link, first: 0, count: 1, payload })
    pair.network.channel('stranger').publishFrame('w1', forged)
    pair.run({ ms: 10 })
    expect(pair.input.peek()).toBeUndefined()
    expect(pair.receiver.fail).not.toHaveBeenCalled()
    pair.run({ ms: 10 })
    expect(pair.receiver.fail).toHaveBeenCalledWith(expect.objectContaining({ code: 'LINK_PROTOCOL' }))
  })

  it('frames are split to what a message may be, in order', () => {
    const pair = open({ messageBytesMax: 10_000 })
    const records = Array.from({ length: 40 }, (_, seq) => heavy(1_000, seq))
    pair.output.sendBatch(records)
    expect(settle(pair, pair.output)).toBe(true)
    const elements = takeAll(pair.input)
    expect(elements.length).toBeGreaterThan(4)
    expect(flatten(elements)).toEqual(records)
  })

  it.each([
    { messageBytesMax: 10_000, textBytes: 20_000, size: /of 20\d\d\d bytes/ },
    { messageBytesMax: 1_048_576, textBytes: 1_048_560, size: /of 104\d\d\d\d bytes/ },
    { messageBytesMax: 1_048_576, textBytes: 3_000_000, size: /got one of more/ },
  ])('a record of $textBytes bytes above the largest frame is refused and changes nothing', (each) => {
    const pair = open({ messageBytesMax: each.messageBytesMax })
    const send = () => pair.output.sendBatch([heavy(10), heavy(10), heavy(each.textBytes), heavy(10)])
    expect(send).toThrow(
      expect.objectContaining({
        code: 'RECORD_TOO_LARGE',
        retry: 'record',
        message: expect.stringMatching(each.size),
        details: expect.objectContaining({ index: 2, bytesMax: each.messageBytesMax }),
      }),
    )
    expect(pair.output.stats.sent).toBe(0)
    pair.output.sendBatch([1])
    expect(settle(pair, pair.output)).toBe(true)
    expect(flatten(takeAll(pair.input))).toEqual([1])
  })

  it('batches adapt to about the frame target', () => {
    const pair = open()
    pair.run({ ms: 10 })
    for (let i = 0; i < 20; i += 1) {
      pair.output.sendBatch(Array.from({ length: pair.output.batchRecords }, (_, seq) => heavy(500, seq)))
      pair.run({ ms: 10 })
      takeAll(pair.input)
    }
    expect(pair.output.batchRecords).toBeGreaterThan(25)
    expect(pair.output.batchRecords).toBeLessThan(40)
  })

  it('answers are coalesced: far fewer than frames when the reader keeps up', () => {
    const pair = open()
    pair.run({ ms: 10 })
    const before = pair.network.published
    for (let i = 0; i < 1_000; i += 1) {
      pair.output.sendBatch([i])
      if (i % 100 === 0) pair.run({ ms: 0.1 })
      takeAll(pair.input)
    }
    settle(pair, pair.output)
    expect(pair.network.published - before - 1_000).toBeLessThan(20)
  })
})
