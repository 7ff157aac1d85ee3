import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Element } from '../../core/elements.ts'
import { checkpointId } from '../../core/ids.ts'
import { elementOf, readChannel } from '../../transport/channel-recording.ts'
import type { ChannelState } from '../../transport/link.ts'
import { flatten } from '../../transport/simulated/link-pair.ts'
import { fusedLoop } from './fused-loop.ts'
import { openGate } from './gate.ts'
import type { HeadChannel } from './head.ts'
import { InputHead } from './input-head.ts'
import { ReplayedInput } from './replayed-input.ts'
import { barrier, batch, end, FakeInput, signalText } from './testing/fakes.ts'

const id = checkpointId
const elementsOf = (state: ChannelState | undefined): Element[] => [
  ...[...readChannel(Buffer.concat([...(state?.frames() ?? [])]))].map(elementOf),
]
const contentOf = (state: ChannelState | undefined): unknown[] => flatten(elementsOf(state))

function open(inputs: number) {
  const fakes = Array.from({ length: inputs }, (_, i) => new FakeInput(i))
  const seen: unknown[] = []
  const channels: HeadChannel[] = []
  const gate = openGate()
  const head = new InputHead(
    fakes,
    { drain: fusedLoop([], (record) => void seen.push(record)), gate },
    {
      barrier: (each, recorded = []) => {
        seen.push(signalText(each))
        channels.splice(0, channels.length, ...recorded)
      },
      aligning: () => undefined,
      watermark: ({ atMs }) => void seen.push(`w${atMs}`),
      ended: () => void seen.push('ended'),
    },
  )
  const runAll = (): unknown[] => {
    while (head.work(100) > 0);
    return seen.splice(0)
  }
  const input = (index: number): FakeInput => fakes[index] ?? new FakeInput()
  const channel = (index: number) => channels.find((each) => each.input === index)?.state
  return { head, input, seen, runAll, channels, channel }
}

describe('C4: a barrier that overtakes at a task’s inputs', () => {
  it('is not taken before it is known on an input', () => {
    const { head, input, seen } = open(2)
    input(0).put(batch(1))
    expect(head.overtake(id(1))).toBe(false)
    input(0).put(barrier(1))
    expect([head.overtake(id(1)), seen]).toEqual([true, ['|1|']])
    expect(head.overtake(id(1))).toBe(false)
  })

  it('leaves what waits below it, and what comes until it is there, in the channel; the stream goes on', () => {
    const { head, input, runAll, channel } = open(2)
    input(0).put(batch(1, 2), barrier(1), batch(3))
    input(1).put(batch(10))
    head.overtake(id(1))
    expect([channel(0)?.complete, channel(1)?.complete]).toEqual([true, false])
    expect(runAll()).toEqual(['|1|', 10, 1, 2, 3])
    input(1).put(batch(11), barrier(1), batch(12))
    expect(runAll()).toEqual([11, 12])
    expect([contentOf(channel(0)), contentOf(channel(1))]).toEqual([
      [1, 2],
      [10, 11],
    ])
  })

  it('leaves the rest of the batch that is being worked on, too', () => {
    const { head, input, seen, channel } = open(2)
    input(1).put(batch(1, 2, 3, 4), batch(5))
    expect([head.work(2), seen.splice(0)]).toEqual([2, [1, 2]])
    input(0).put(barrier(7))
    input(1).put(barrier(7))
    expect([head.overtake(id(7)), seen.splice(0)]).toEqual([true, ['|7|']])
    expect([contentOf(channel(0)), contentOf(channel(1))]).toEqual([[], [3, 4, 5]])
    expect([head.work(100), seen]).toEqual([2, [3, 4]])
  })

  it('ends an alignment: an input on which it was taken has nothing on its way, and goes on', () => {
    const { head, input, runAll, channels, channel } = open(2)
    input(0).put(batch(1), barrier(1), batch(2))
    expect(runAll()).toEqual([1])
    input(1).put(batch(10))
    head.overtake(id(1))
    expect(channels.map((each) => each.input)).toEqual([1])
    expect(runAll()).toEqual(['|1|', 10, 2])
    input(1).put(barrier(1))
    expect([runAll(), contentOf(channel(1))]).toEqual([[], [10]])
  })

  it('keeps watermarks in their place, and neither older barriers nor ends', () => {
    const { head, input, channel } = open(1)
    const at = (atMs: number): Element => ({ kind: 'watermark', atMs })
    input(0).put(at(1), batch(1), barrier(3), at(2), end, barrier(4))
    head.overtake(id(4))
    expect(contentOf(channel(0))).toEqual([at(1), 1, at(2)])
  })

  it('C2: an aborted one, and an older one, do not overtake any more', () => {
    const { head, input, seen } = open(2)
    input(0).put(batch(1), barrier(1))
    head.abort(id(1))
    expect(head.overtake(id(1))).toBe(false)
    input(1).put(barrier(3))
    head.work(1)
    input(0).put(barrier(2))
    expect([head.overtake(id(2)), seen]).toEqual([false, []])
  })

  it('comes first when it is restored, in order, and is channel state again while it waits', () => {
    const { head, input, channel } = open(1)
    input(0).put(batch(1, 2), { kind: 'watermark', atMs: 5 }, batch(3), barrier(1))
    head.overtake(id(1))
    const bytes = Buffer.concat([...(channel(0)?.frames() ?? [])])
    const link = new FakeInput().put(batch(4))
    const replayed = new ReplayedInput(link, [...readChannel(bytes)])
    expect(replayed.peek()).toMatchObject(batch(1, 2))
    expect(replayed.take()).toMatchObject(batch(1, 2))
    link.put(barrier(2))
    expect(replayed.ahead).toEqual(barrier(2))
    const again = replayed.record(id(2), [batch(2)])
    expect(contentOf(again)).toEqual([2, { kind: 'watermark', atMs: 5 }, 3, 4])
    expect([replayed.take(), replayed.take(), replayed.take(), replayed.take(), replayed.take()]).toEqual([
      { kind: 'watermark', atMs: 5 },
      batch(3),
      batch(4),
      barrier(2),
      undefined,
    ])
    replayed.close()
    expect(link.closed).toBe(true)
  })

  it('C4: whenever it overtakes, what was worked on and then the channel is what each input sent before it', () => {
    const move = fc.record({ input: fc.nat(2), count: fc.integer({ min: 1, max: 3 }), work: fc.nat(4) })
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.nat(3), { maxLength: 8 }), { minLength: 3, maxLength: 3 }),
        fc.array(move, { maxLength: 20 }),
        fc.nat(20),
        (script, moves, overtakeAt) => {
          const { head, input, seen, runAll, channels } = open(3)
          const streams = script.map((sizes, i) => {
            let n = 0
            const before = sizes.map((size) =>
              batch(...Array.from({ length: size + 1 }, () => `${i}.${n++}`)),
            )
            return [...before, barrier(1), batch(`${i}.after`)]
          })
          const sent = streams.map((stream) => flatten(stream.slice(0, -2)))
          for (const [i, { input: which, count, work }] of moves.entries()) {
            input(which).put(...(streams[which]?.splice(0, count) ?? []))
            if (i >= overtakeAt) head.overtake(id(1))
            head.work(work)
          }
          streams.forEach((rest, i) => input(i).put(...rest.splice(0)))
          head.overtake(id(1))
          const order = [...seen.splice(0), ...runAll()]
          const cut = order.slice(0, order.indexOf('|1|'))
          sent.forEach((expected, i) => {
            const worked = cut.filter((record) => String(record).startsWith(`${i}.`))
            const recorded = contentOf(channels.find((each) => each.input === i)?.state)
            expect([...worked, ...recorded]).toEqual(expected)
            // Whether or not it was overtaken, everything is worked on once, in order.
            expect(order.filter((record) => String(record).startsWith(`${i}.`))).toEqual([
              ...expected,
              `${i}.after`,
            ])
          })
        },
      ),
    )
  })
})
