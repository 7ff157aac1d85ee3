import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Barrier, Element } from '../../core/elements.ts'
import { checkpointId } from '../../core/ids.ts'
import { fusedLoop } from './fused-loop.ts'
import { openGate } from './gate.ts'
import { InputHead } from './input-head.ts'
import { barrier, batch, end, FakeInput, signalText } from './testing/fakes.ts'

function open(inputs: number, onRecord?: (record: unknown) => void) {
  const fakes = Array.from({ length: inputs }, (_, i) => new FakeInput(i))
  const seen: unknown[] = []
  const aligning: number[] = []
  const gate = openGate()
  const drain = fusedLoop([], (record) => {
    onRecord?.(record)
    seen.push(record)
  })
  const head = new InputHead(
    fakes,
    { drain, gate },
    {
      barrier: (each) => void seen.push(signalText(each)),
      aligning: (each) => void aligning.push(each.checkpoint),
      watermark: (each) => void seen.push(signalText(each)),
      ended: () => void seen.push('ended'),
    },
  )
  const runAll = (): unknown[] => {
    while (head.work(100) > 0);
    return seen.splice(0)
  }
  const input = (index: number): FakeInput => fakes[index] ?? new FakeInput()
  return { head, input, fakes, gate, seen, aligning, runAll }
}

describe('a task’s inputs', () => {
  it('are taken in turn, each in its order', () => {
    const { input, runAll } = open(2)
    input(0).put(batch(1, 2), batch(3))
    input(1).put(batch(10), batch(20))
    expect(runAll()).toEqual([10, 1, 2, 20, 3])
  })

  it('T1: a batch is left in the middle when the gate closes or the budget ends, and gone on with', () => {
    const { head, input, gate, seen } = open(1, (record) => {
      if (record === 2) gate.blocked = 1
    })
    input(0).put(batch(1, 2, 3, 4), batch(5))
    expect([head.work(100), head.work(100), seen]).toEqual([2, 0, [1, 2]])
    gate.blocked = 0
    expect([head.work(1), head.work(100), head.work(100), head.work(100)]).toEqual([1, 1, 1, 0])
    expect(seen).toEqual([1, 2, 3, 4, 5])
  })

  it('C2: after a barrier an input waits until it came on every other', () => {
    const { input, runAll, aligning } = open(3)
    input(0).put(batch(1), barrier(7), batch(2))
    input(1).put(batch(10))
    input(2).put(barrier(7), batch(200))
    expect(runAll()).toEqual([10, 1])
    expect([input(0).queue.length, input(2).queue.length]).toEqual([1, 1])
    input(1).put(batch(11), barrier(7), batch(12))
    expect(runAll()).toEqual([11, '|7|', 200, 2, 12])
    expect(aligning).toEqual([7, 7])
  })

  it('C2: a newer barrier ends an older alignment without a snapshot and releases its inputs', () => {
    const { input, runAll } = open(2)
    input(0).put(barrier(1), batch(1))
    expect(runAll()).toEqual([])
    input(1).put(barrier(2))
    expect(runAll()).toEqual([1])
    input(0).put(barrier(2))
    input(1).put(barrier(1))
    expect(runAll()).toEqual(['|2|'])
  })

  it('C2: an abort releases the inputs, and its barrier means nothing any more', () => {
    const { head, input, runAll } = open(2)
    input(0).put(barrier(1), batch(1))
    runAll()
    head.abort(checkpointId(1))
    expect(runAll()).toEqual([1])
    input(1).put(barrier(1), batch(2), barrier(2))
    input(0).put(barrier(2))
    expect(runAll()).toEqual([2, '|2|'])
  })

  it('C10: the end comes when every input ended; ended inputs carry barriers on', () => {
    const { input, runAll } = open(2)
    input(0).put(batch(1), end, barrier(1))
    expect(runAll()).toEqual([1])
    input(1).put(barrier(1), batch(2), end)
    expect(runAll()).toEqual(['|1|', 2, 'ended'])
    for (const each of [0, 1]) input(each).put(barrier(2, true))
    expect(runAll()).toEqual(['|2 final|'])
  })

  it('C10: a record behind an end is a broken invariant', () => {
    const { head, input } = open(1)
    input(0).put(end, batch(1))
    head.work(1)
    expect(() => head.work(1)).toThrowError(/C10/)
  })

  it('a watermark is forwarded when the lowest of all inputs rose', () => {
    const { input, runAll } = open(2)
    const at = (atMs: number): Element => ({ kind: 'watermark', atMs })
    input(0).put(at(5), at(9))
    expect(runAll()).toEqual([])
    input(1).put(at(7), at(7), at(8))
    expect(runAll()).toEqual(['w7', 'w8'])
  })

  it('says where the failing record was, also when the last record of a batch fails only later', () => {
    const { head, input } = open(1, (record) => {
      if (record === 'bad') throw new Error('bad')
    })
    input(0).put(batch(1, 'bad', 3))
    expect(() => head.work(9)).toThrowError('bad')
    expect([head.lastRecord, head.position()]).toEqual(['bad', 'record 2 of a batch from up[0]'])
    head.work(9)
    expect([head.lastRecord, head.position()]).toEqual([3, 'record 3 of a batch from up[0]'])
    input(0).put(barrier(1))
    head.work(9)
    expect(head.lastRecord).toBeUndefined()
  })

  it('closes its inputs', async () => {
    const { head, fakes } = open(2)
    await head.close()
    expect(fakes.map((each) => each.closed)).toEqual([true, true])
  })

  it('C2: whatever comes first, what precedes the aligned barrier is exactly what preceded it on each input', () => {
    const inputs = fc.array(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 12 }), {
      minLength: 1,
      maxLength: 4,
    })
    fc.assert(
      fc.property(
        inputs,
        fc.array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 5 }))),
        (script, arrivals) => {
          // Each input: batches of records (0 to 3 → how many more), a barrier for every 4, at last a common one.
          const { input, runAll, head, seen } = open(script.length)
          const barriers = Math.max(...script.map((each) => each.filter((n) => n === 4).length)) + 1
          const streams = script.map((steps, i) => {
            let next = 1
            let id = 0
            const made: Element[] = steps.flatMap((n): Element[] => {
              if (n === 4) return [barrier(next++)]
              return n === 0 ? [] : [batch(...Array.from({ length: n }, () => `${i}.${(id += 1)}.${next}`))]
            })
            while (next <= barriers) made.push(barrier(next++))
            return made
          })
          for (const [which, count] of arrivals) {
            input(which % script.length).put(...(streams[which % script.length]?.splice(0, count) ?? []))
            head.work(2)
          }
          streams.forEach((rest, i) => input(i).put(...rest.splice(0)))
          const order = [...seen.splice(0), ...runAll()]
          let taken = 1
          for (const each of order as string[]) {
            if (each.startsWith('|')) expect(each).toBe(`|${taken++}|`)
            else expect(each.split('.')[2]).toBe(`${taken}`)
          }
          expect(taken - 1).toBe(barriers)
        },
      ),
    )
  })
})

it('a barrier is passed on as it is', () => {
  const got: Barrier[] = []
  const input = new FakeInput().put(barrier(3, true))
  const head = new InputHead(
    [input],
    { drain: () => undefined, gate: openGate() },
    { barrier: (each) => void got.push(each), aligning: () => 0, watermark: () => 0, ended: () => 0 },
  )
  head.work(1)
  expect(got).toEqual([barrier(3, true)])
})
