import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { watermark } from '../../core/elements.ts'
import { CodecError } from '../../core/codec/index.ts'
import { stepName } from '../../core/ids.ts'
import { groupRange, keyGroup, type Key } from '../../core/keys/index.ts'
import type { Edge, Partition } from '../../operators/graph.ts'
import { isOpen, openGate } from './gate.ts'
import { LinkBuffer, partitionEmit } from './output.ts'
import { barrier, FakeOutput } from './testing/fakes.ts'

const edge = (partition: Partition = { kind: 'forward' }): Edge => ({
  from: stepName('from'),
  to: stepName('to'),
  output: 'main',
  input: 0,
  partition,
})

function open(batchRecords = 4) {
  const gate = openGate()
  const link = new FakeOutput(batchRecords)
  return { gate, link, buffer: new LinkBuffer(link, edge(), gate) }
}

describe('the buffer of a link', () => {
  it('sends full batches at once, and the rest when flushed', () => {
    const { link, buffer } = open()
    for (let i = 0; i < 6; i += 1) buffer.push(i)
    expect(link.sent).toEqual([{ kind: 'batch', records: [0, 1, 2, 3] }])
    expect([buffer.flush(), buffer.flush()]).toEqual([true, false])
    expect(link.flat).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('T1: a full buffer that finds no room closes the gate once; push never refuses; room reopens it', () => {
    const { gate, link, buffer } = open()
    link.room = 0
    for (let i = 0; i < 3; i += 1) buffer.push(i)
    expect([gate.blocked, buffer.flush()]).toEqual([0, false])
    for (let i = 3; i < 10; i += 1) buffer.push(i)
    expect([gate.blocked, link.sent]).toEqual([1, []])
    link.room = 1
    expect([buffer.flush(), gate.blocked]).toEqual([true, 0])
    expect(link.flat).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('T1: room that appears within an invocation reopens the gate', () => {
    const { gate, link, buffer } = open(2)
    link.room = 0
    for (let i = 0; i < 3; i += 1) buffer.push(i)
    link.room = 9
    buffer.push(3)
    expect([gate.blocked, link.flat]).toEqual([0, [0, 1, 2, 3]])
  })

  it('L1: a signal follows everything pushed before it, room or not; the gate opens when there is room', () => {
    const { gate, link, buffer } = open(2)
    link.room = 0
    for (let i = 0; i < 3; i += 1) buffer.push(i)
    buffer.signal(barrier(1))
    buffer.signal({ kind: 'end' })
    buffer.push(3)
    expect([link.flat, gate.blocked]).toEqual([[0, 1, 2, '|1|', 'end'], 1])
    expect([buffer.flush(), gate.blocked]).toEqual([false, 1])
    link.room = 1
    expect([buffer.flush(), gate.blocked]).toEqual([true, 0])
    expect(link.flat).toEqual([0, 1, 2, '|1|', 'end', 3])
  })

  it('L3: a signal that takes a part of a batch along without room closes the gate', () => {
    const { gate, link, buffer } = open(2)
    buffer.push(0)
    buffer.signal(barrier(1))
    expect(gate.blocked).toBe(0)
    link.room = 0
    buffer.push(1)
    buffer.signal(barrier(2))
    expect([link.flat, gate.blocked]).toEqual([[0, '|1|', 1, '|2|'], 1])
    link.room = 1
    expect([buffer.flush(), gate.blocked]).toEqual([false, 0])
  })

  it('follows the link’s batch size', () => {
    const { link, buffer } = open(1)
    buffer.push(0)
    link.batchRecords = 3
    for (let i = 1; i < 6; i += 1) buffer.push(i)
    expect(link.sent.map((element) => element.kind === 'batch' && element.records.length)).toEqual([1, 1, 3])
  })

  it('a record that cannot cross names the step that emitted it', () => {
    const { link, buffer } = open(1)
    link.sendBatch = () => {
      throw new CodecError('VALUE_UNSUPPORTED', 'no functions', { retry: 'record', details: { index: 0 } })
    }
    expect(() => buffer.push(() => 0)).toThrowError(
      expect.objectContaining({
        code: 'VALUE_UNSUPPORTED',
        retry: 'record',
        details: { index: 0, step: 'from' },
      }),
    )
  })

  it('L3: a watermark goes behind the records before it, with their batch; a second one does not wait', () => {
    const { link, buffer } = open(3)
    buffer.signal(watermark(1))
    buffer.push('a')
    buffer.signal(watermark(2))
    expect(link.flat).toEqual(['w1'])
    buffer.push('b')
    buffer.push('c')
    expect(link.flat).toEqual(['w1', 'a', 'b', 'c', 'w2'])
    buffer.push('d')
    buffer.signal(watermark(3))
    buffer.signal(watermark(4, true))
    expect(link.flat.slice(5)).toEqual(['d', 'w4 idle'])
    buffer.push('e')
    buffer.signal(watermark(5))
    link.room = 0
    buffer.signal(watermark(6))
    expect(link.flat).toHaveLength(7)
    buffer.signal({ kind: 'end' })
    expect(link.flat.slice(7)).toEqual(['e', 'w6', 'end'])
  })

  it('on an edge with event time each record takes the time in the register along', () => {
    const register = { recordMs: NaN }
    const link = new FakeOutput(2)
    const buffer = new LinkBuffer(link, edge(), openGate(), register)
    for (const atMs of [5, 3, 9]) {
      register.recordMs = atMs
      buffer.push(`at ${atMs}`)
    }
    buffer.flush()
    expect(link.sent).toEqual([
      { kind: 'batch', records: ['at 5', 'at 3'], times: [5, 3] },
      { kind: 'batch', records: ['at 9'], times: [9] },
    ])
  })

  it('T1: the gate counts exactly the buffers that wait for room', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.record({ push: fc.nat(2) }),
            fc.record({ room: fc.tuple(fc.nat(2), fc.nat(3)) }),
            fc.record({ flush: fc.nat(2) }),
            fc.record({ signal: fc.nat(2) }),
          ),
        ),
        (script) => {
          const gate = openGate()
          const links = [0, 1, 2].map(() => Object.assign(new FakeOutput(2), { room: 1 }))
          const buffers = links.map((link) => new LinkBuffer(link, edge(), gate))
          const pushed: unknown[][] = [[], [], []]
          script.forEach((action, i) => {
            if ('push' in action) {
              if (isOpen(gate)) {
                buffers[action.push]?.push(i)
                pushed[action.push]?.push(i)
              }
            } else if ('room' in action) {
              const link = links[action.room[0]]
              if (link) link.room = action.room[1]
            } else if ('flush' in action) buffers[action.flush]?.flush()
            else buffers[action.signal]?.signal({ kind: 'watermark', atMs: i })
          })
          for (const link of links) link.room = Infinity
          for (const buffer of buffers) buffer.flush()
          expect(gate.blocked).toBe(0)
          links.forEach((link, i) =>
            expect(link.flat.filter((each) => typeof each === 'number')).toEqual(pushed[i]),
          )
        },
      ),
    )
  })
})

describe('sharing records out over links', () => {
  function spread(partition: Partition, tasks: number, keyGroups = 16) {
    const links = Array.from({ length: tasks }, () => new FakeOutput(1))
    const gate = openGate()
    const made = edge(partition)
    const emit = partitionEmit(
      made,
      links.map((link) => new LinkBuffer(link, made, gate)),
      keyGroups,
    )
    return { emit, out: () => links.map((link) => link.flat) }
  }

  it.each(['forward', 'round-robin'] as const)('%s: in turn', (kind) => {
    const { emit, out } = spread({ kind }, 3)
    for (let i = 0; i < 7; i += 1) emit(i)
    expect(out()).toEqual([
      [0, 3, 6],
      [1, 4],
      [2, 5],
    ])
  })

  it('broadcast: to every task', () => {
    const { emit, out } = spread({ kind: 'broadcast' }, 2)
    for (let i = 0; i < 2; i += 1) emit(i)
    expect(out()).toEqual([
      [0, 1],
      [0, 1],
    ])
  })

  it('hash: to the task that owns the key’s group', () => {
    const key = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.bigInt(),
      fc.tuple(fc.nat(), fc.string()),
    )
    fc.assert(
      fc.property(
        fc.array(key),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 7, max: 40 }),
        (keys, tasks, groups) => {
          const { emit, out } = spread({ kind: 'hash', keyOf: (k: Key) => k }, tasks, groups)
          for (const each of keys) emit(each)
          out().forEach((records, task) => {
            const { from, to } = groupRange(task, tasks, groups)
            for (const record of records) {
              const group = keyGroup(record as Key, groups)
              expect(group >= from && group < to).toBe(true)
            }
          })
          expect(out().flat()).toHaveLength(keys.length)
        },
      ),
    )
  })

  it('hash: a selector that throws, and a key that is none, name the step', () => {
    const { emit } = spread({ kind: 'hash', keyOf: (k: () => Key) => k() }, 2)
    expect(() =>
      emit(() => {
        throw new Error('no key')
      }),
    ).toThrowError(expect.objectContaining({ code: 'KEY_SELECTOR_THREW', details: { step: 'from' } }))
    expect(() => emit(() => NaN)).toThrowError(
      expect.objectContaining({ code: 'KEY_ILLEGAL', details: expect.objectContaining({ step: 'from' }) }),
    )
  })
})
