import { describe, expect, it, vi } from 'vitest'
import type { Element } from '../core/elements.ts'
import { checkpointId } from '../core/ids.ts'
import { limits } from '../core/limits.ts'
import { ChannelRecording, elementOf, readChannel } from './channel-recording.ts'
import { FrameError } from './frame/index.ts'
import type { ChannelState } from './link.ts'
import { memoryLinks } from './memory/memory-links.ts'
import { flatten, linkPair, specOf, type LinkPairOptions } from './simulated/link-pair.ts'

const id = checkpointId
const barrier = (checkpoint: number) => ({
  kind: 'barrier' as const,
  checkpoint: id(checkpoint),
  final: false,
})
const watermark = (atMs: number) => ({ kind: 'watermark' as const, atMs })

const bytesOf = (state: ChannelState): Buffer => Buffer.concat([...state.frames()])
const elementsIn = (bytes: Uint8Array): unknown[] => flatten([...readChannel(bytes)].map(elementOf))
const contentOf = (state: ChannelState): unknown[] => elementsIn(bytesOf(state))

function framed(options: LinkPairOptions = {}) {
  const pair = linkPair(options)
  const wake = vi.fn()
  const output = pair.sending.openOutput(specOf(), { wake: vi.fn(), fail: vi.fn() })
  const input = pair.receiving.openInput(specOf(), { wake, fail: vi.fn() })
  pair.run({ ms: 20 })
  return { ...pair, output, input, wake }
}

function inMemory() {
  const links = memoryLinks()
  const wake = vi.fn()
  const output = links.openOutput(specOf(), { wake: vi.fn(), fail: vi.fn() })
  const input = links.openInput(specOf(), { wake, fail: vi.fn() })
  return { output, input, wake, run: () => true }
}

describe.each([
  ['over a channel', () => framed()],
  ['in memory', () => inMemory()],
])('C4: channel state of a link %s', (_, open) => {
  it('is what waits below the barrier, without barriers and ends', () => {
    const { output, input, run } = open()
    output.sendBatch([1, 2])
    output.sendSignal(barrier(1))
    output.sendBatch([3])
    output.sendSignal(watermark(7))
    output.sendSignal({ kind: 'end' })
    output.sendSignal(barrier(2))
    run({ ms: 50 })
    input.take()
    expect(input.ahead).toMatchObject(barrier(2))
    const state = input.record(id(2))
    expect([state.complete, state.bytes > 0]).toEqual([true, true])
    expect(contentOf(state)).toEqual([3, watermark(7)])
    input.take()
    input.take()
    expect(contentOf(state)).toEqual([3, watermark(7)])
  })

  it('goes on with what arrives, taken or not, until the barrier comes, which wakes the task', () => {
    const { output, input, run, wake } = open()
    output.sendBatch([1])
    run({ ms: 50 })
    const state = input.record(id(5))
    input.take()
    output.sendBatch([2])
    run({ ms: 50 })
    expect(input.take()).toMatchObject({ records: [2] })
    output.sendBatch([3])
    output.sendSignal(watermark(1))
    output.sendSignal(watermark(2))
    run({ ms: 50 })
    expect(state.complete).toBe(false)
    wake.mockClear()
    output.sendSignal(barrier(5))
    output.sendBatch([4])
    run({ ms: 50 })
    expect([state.complete, wake.mock.calls.length > 0]).toEqual([true, true])
    expect(contentOf(state).filter((item) => typeof item === 'number')).toEqual([1, 2, 3])
    expect(contentOf(state).at(-1)).toEqual(watermark(2))
  })

  it('L1: a watermark that replaces an untaken one does so there too', () => {
    const { output, input, run } = open()
    for (const atMs of [1, 2]) output.sendSignal(watermark(atMs))
    run({ ms: 50 })
    const state = input.record(id(1))
    output.sendSignal(watermark(3))
    output.sendSignal(barrier(1))
    run({ ms: 50 })
    const taken: unknown[] = []
    for (let element = input.take(); element; element = input.take()) taken.push(element)
    expect(contentOf(state)).toEqual(taken.filter((element) => (element as Element).kind === 'watermark'))
    expect(taken.at(-2)).toMatchObject(watermark(3))
  })

  it('ends with the next recording, and with the link', () => {
    const { output, input, run } = open()
    output.sendBatch([1])
    run({ ms: 50 })
    const first = input.record(id(1))
    const second = input.record(id(2))
    output.sendSignal(barrier(2))
    run({ ms: 50 })
    expect([first.complete, second.complete]).toEqual([false, true])
    const third = input.record(id(3))
    input.close()
    expect(third.complete).toBe(false)
    expect(() => [...third.frames()]).toThrow(/C4/)
  })

  it('C2: a barrier that comes behind others wakes the task, which may be waiting for it alone', () => {
    const { output, input, run, wake } = open()
    output.sendBatch([1])
    run({ ms: 50 })
    wake.mockClear()
    output.sendSignal(barrier(1))
    run({ ms: 50 })
    expect(wake).toHaveBeenCalled()
    expect(input.ahead).toMatchObject(barrier(1))
  })
})

describe('C4: a barrier outside the numbering', () => {
  const credit = { reserveBytes: 20_000, windowBytesMax: 20_000 }
  const heavy = (seq: number) => ({ seq, text: 'x'.repeat(3_000) })

  it('overtakes what has no grant, and lets it come: the channel is complete though nothing is taken', () => {
    const pair = framed({ credit })
    let sent = 0
    for (; pair.output.hasRoom; sent += 1) pair.output.sendBatch([heavy(sent)])
    pair.output.sendSignal(barrier(4))
    pair.run({ ms: 1_000 })
    expect([pair.input.ahead, pair.input.stats.received < sent]).toEqual([undefined, true])
    pair.output.overtake(id(4))
    pair.run({ ms: 10 })
    const state = pair.input.record(id(4))
    expect(pair.run({ ms: 1_000, done: () => state.complete })).toBe(true)
    expect(contentOf(state)).toEqual(Array.from({ length: sent }, (_, i) => heavy(i)))
    expect(pair.input.stats.queuedBytesMax).toBeLessThanOrEqual(2 * credit.reserveBytes)
    // It keeps its number: the task finds it there again.
    for (let i = 0; i < sent; i += 1) expect(pair.input.take()).toMatchObject({ kind: 'batch' })
    expect(pair.input.take()).toEqual(barrier(4))
  })

  it('waits for what is taken where the budget has nothing to lend', () => {
    const pair = framed({ credit: { ...credit, budgetBytes: 20_000 } })
    for (let sent = 0; pair.output.hasRoom; sent += 1) pair.output.sendBatch([heavy(sent)])
    pair.output.sendSignal(barrier(4))
    pair.output.overtake(id(4))
    pair.run({ ms: 1_000 })
    const state = pair.input.record(id(4))
    pair.run({ ms: 1_000 })
    expect(state.complete).toBe(false)
    pair.input.take()
    pair.input.take()
    expect(pair.run({ ms: 1_000, done: () => state.complete })).toBe(true)
    expect(contentOf(state)).toHaveLength(7)
  })

  it('is announced again until it was acknowledged, whatever is lost, and not after that', () => {
    const pair = framed({ credit: { ...credit, budgetBytes: 20_000 } })
    for (let sent = 0; pair.output.hasRoom; sent += 1) pair.output.sendBatch([heavy(sent)])
    pair.output.sendSignal(barrier(4))
    pair.run({ ms: 100 })
    pair.network.disconnect('w0')
    pair.output.overtake(id(4))
    pair.run({ ms: 1_000 })
    expect(pair.input.ahead).toBeUndefined()
    pair.network.reconnect('w0')
    pair.network.setFaults({ lossRate: 0.5 })
    expect(pair.run({ ms: 20_000, done: () => pair.input.ahead !== undefined })).toBe(true)
    pair.network.setFaults({})
    for (let taken = 0; !pair.output.drained; taken += 1) {
      pair.input.take()
      pair.run({ ms: 200 })
      if (taken > 20) throw new Error('never drained')
    }
    const { published } = pair.network
    pair.run({ ms: 5_000 })
    expect(pair.network.published - published).toBeLessThan(5)
  })

  it('changes nothing when it comes late, or when a newer one is known', () => {
    const pair = framed({ faults: { duplicateRate: 0.9, delayMsMax: 30 } })
    pair.output.sendSignal(barrier(4))
    pair.output.overtake(id(4))
    pair.output.sendSignal(barrier(5))
    pair.output.overtake(id(4))
    pair.run({ ms: 1_000 })
    expect(pair.input.ahead).toMatchObject(barrier(5))
    expect([pair.input.take(), pair.input.take(), pair.input.take()]).toEqual([
      barrier(4),
      barrier(5),
      undefined,
    ])
    pair.output.overtake(id(5))
    pair.run({ ms: 1_000 })
    expect(pair.input.record(id(6)).complete).toBe(false)
  })
})

describe('C4: channel state as bytes', () => {
  const recorded = (...records: unknown[]): ChannelRecording => {
    const state = new ChannelRecording(specOf(), id(1))
    state.add({ kind: 'batch', records })
    state.add(watermark(3))
    state.finish()
    return state
  }

  it('is frames, numbered from 0, and split where they are too large for one', () => {
    const large = Array.from({ length: 3 }, () => 'x'.repeat(limits.frameBytesMax / 2))
    const bytes = bytesOf(recorded(...large))
    expect([...readChannel(bytes)].map(({ first }) => first)).toEqual([0, 1, 2, 3])
    expect(elementsIn(bytes)).toEqual([...large, watermark(3)])
  })

  it('keeps event times, and whether a watermark is idle', () => {
    const state = new ChannelRecording(specOf(), id(1))
    state.add({ kind: 'batch', records: ['a', 'b'], times: [5, 7.5] })
    state.add({ kind: 'watermark', atMs: 7, idle: true })
    state.finish()
    expect([...readChannel(bytesOf(state))].map(elementOf)).toEqual([
      { kind: 'batch', records: ['a', 'b'], times: [5, 7.5] },
      { kind: 'watermark', atMs: 7, idle: true },
    ])
  })

  it('cannot hold a record that fits no frame', () => {
    const state = recorded('x'.repeat(limits.frameBytesMax + 1))
    expect(() => bytesOf(state)).toThrowError(expect.objectContaining({ code: 'RECORD_TOO_LARGE' }))
  })

  it('is refused where it is cut, altered or out of order', () => {
    const bytes = bytesOf(recorded(1, 2, 3))
    const read = (found: Uint8Array) => () => [...readChannel(found)]
    for (let length = 1; length < bytes.length; length += 1) {
      const cut = bytes.subarray(0, length)
      try {
        expect(read(cut)().length).toBe(1)
      } catch (error) {
        expect(error).toBeInstanceOf(FrameError)
      }
    }
    const altered = new Uint8Array(bytes)
    altered[50] = (altered[50] ?? 0) ^ 1
    expect(read(altered)).toThrow(FrameError)
    expect(read(Buffer.concat([bytes, bytes]))).toThrow(FrameError)
  })
})
