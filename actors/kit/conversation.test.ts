import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { below } from '../../core/ports/random.ts'
import { seededRandom } from '../../core/simulated/random.ts'
import { virtualTime, type VirtualTime } from '../../core/simulated/time.ts'
import { Conversation, type Envelope } from './conversation.ts'

interface Weather {
  /** Of 100. */
  readonly lost: number
  readonly twice: number
  readonly seed: number
  /** Envelopes overtake one another. */
  readonly reorders: boolean
}

/** Two parties over a channel in virtual time; what each was told, and how much was transmitted. */
function talk(weather: Weather, time: VirtualTime) {
  const random = seededRandom(weather.seed)
  const heard = { a: [] as unknown[], b: [] as unknown[] }
  const sent: Envelope[] = []
  const carry = (to: 'a' | 'b') => (envelope: Envelope) => {
    sent.push(envelope)
    const copies = below(random, 100) < weather.lost ? 0 : below(random, 100) < weather.twice ? 2 : 1
    for (let i = 0; i < copies; i += 1) {
      time.after(weather.reorders ? below(random, 400) : 10, () => parties[to].receive(envelope))
    }
  }
  const parties: Record<'a' | 'b', Conversation> = {
    a: new Conversation({
      self: 'a',
      timers: time,
      transmit: carry('b'),
      deliver: (body) => void heard.a.push(body),
    }),
    b: new Conversation({
      self: 'b',
      timers: time,
      transmit: carry('a'),
      deliver: (body) => void heard.b.push(body),
    }),
  }
  return { ...parties, heard, sent }
}

describe('a conversation', () => {
  it('L6: each message is delivered once and in order, whatever the channel loses, repeats or reorders', () => {
    fc.assert(
      fc.property(
        fc.record({
          lost: fc.integer({ min: 0, max: 70 }),
          twice: fc.integer({ min: 0, max: 50 }),
          seed: fc.nat(),
          reorders: fc.boolean(),
        }),
        fc.array(fc.tuple(fc.constantFrom('a' as const, 'b' as const), fc.integer({ min: 0, max: 600 })), {
          maxLength: 40,
        }),
        (weather, messages) => {
          const time = virtualTime()
          const { a, b, heard } = talk(weather, time)
          const parties = { a, b }
          const sentBy: Record<'a' | 'b', number[]> = { a: [], b: [] }
          messages.forEach(([from, atMs], i) =>
            time.after(atMs, () => {
              sentBy[from].push(i)
              parties[from].send(i)
            }),
          )
          let turns = 0
          while (time.runNext()) if ((turns += 1) > 200_000) throw new Error('never settles')
          expect([heard.a, heard.b]).toEqual([sentBy.b, sentBy.a])
          expect([a.settled, b.settled]).toEqual([true, true])
        },
      ),
      { numRuns: 150 },
    )
  })

  it('L6: an answer that is lost is given again, the message is not delivered again', () => {
    const time = virtualTime()
    const delivered: unknown[] = []
    const answers: Envelope[] = []
    const b = new Conversation({
      self: 'b',
      timers: time,
      transmit: (envelope) => void answers.push(envelope),
      deliver: (body) => void delivered.push(body),
    })
    const message: Envelope = { kind: 'message', from: 'a', number: 0, next: 0, body: 'hello' }
    for (const heard of [message, message, { ...message, number: 2 }]) {
      b.receive(heard)
      while (time.runNext());
    }
    expect(delivered).toEqual(['hello'])
    expect(answers).toEqual(Array(3).fill({ kind: 'acknowledge', from: 'b', next: 1 }))
  })

  it('L6: over a good channel each message goes once, one answer is for many, and nothing runs at the end', () => {
    const time = virtualTime()
    const { a, heard, sent } = talk({ lost: 0, twice: 0, seed: 1, reorders: false }, time)
    for (let i = 0; i < 5; i += 1) a.send(i)
    while (time.runNext());
    expect([heard.b, sent.length, time.monotonicMs() < 250]).toEqual([[0, 1, 2, 3, 4], 6, true])
  })

  it('L6: what is said acknowledges what was heard', () => {
    const time = virtualTime()
    const { a, b, heard, sent } = talk({ lost: 0, twice: 0, seed: 1, reorders: false }, time)
    a.send('question')
    time.after(15, () => b.send('answer'))
    while (time.runNext());
    expect([heard.a, heard.b]).toEqual([['answer'], ['question']])
    expect(sent.map(({ kind, from, next }) => [kind, from, next])).toEqual([
      ['message', 'a', 0],
      ['message', 'b', 1],
      ['acknowledge', 'a', 1],
    ])
  })

  it('one that is closed says at once what it heard', () => {
    const time = virtualTime()
    const { b, sent } = talk({ lost: 0, twice: 0, seed: 1, reorders: false }, time)
    b.receive({ kind: 'message', from: 'a', number: 0, next: 0, body: 'x' })
    b.close()
    expect(sent).toEqual([{ kind: 'acknowledge', from: 'b', next: 1 }])
    while (time.runNext());
    expect(sent.length).toBe(1)
  })

  it('a closed one sends nothing, delivers nothing and leaves no timer', () => {
    const time = virtualTime()
    const { a, b, heard, sent } = talk({ lost: 100, twice: 0, seed: 1, reorders: false }, time)
    a.send('x')
    a.close()
    a.send('y')
    b.close()
    b.receive({ kind: 'message', from: 'a', number: 0, next: 0, body: 'x' })
    expect(time.runNext()).toBe(false)
    expect([sent.length, heard.b]).toEqual([1, []])
  })
})
